#include <gtsa/gtsa.h>

#include <iostream>

int main() { std::cout << gtsa::version() << "\n"; }
