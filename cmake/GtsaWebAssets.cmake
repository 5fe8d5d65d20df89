# What the pages of core/report are made of: our sources in web/ and uPlot, which `npm ci` puts into web/node_modules.
#   -DGTSA_WEB_ASSETS=DIR   takes uPlot from DIR/uplot instead (a folder like node_modules), for builds without a network
#   -DGTSA_REPORT=OFF       builds without uPlot; `gtsa report` then says so
option(GTSA_REPORT "build with the pages of gtsa report (needs uPlot from npm)" ON)
set(GTSA_WEB_ASSETS "" CACHE PATH "folder that holds uplot/dist and uplot/LICENSE; empty: web/node_modules, filled by npm ci")

# gtsa_web_assets(OUT.cpp): a table name -> text, from core/report/assets.cpp.in.
function(gtsa_web_assets output)
  set(sources page.html style.css report/base.js report/charts.js report/tables.js report/scores.js report/crops.js
              report/pictures.js report/picture_page.js report/main.js similarity/similarity.js)
  list(TRANSFORM sources PREPEND "${PROJECT_SOURCE_DIR}/web/")
  if(GTSA_REPORT)
    set(folder "${PROJECT_SOURCE_DIR}/web/node_modules")
    if(GTSA_WEB_ASSETS)
      set(folder "${GTSA_WEB_ASSETS}")
    endif()
    foreach(file IN ITEMS dist/uPlot.iife.min.js dist/uPlot.min.css LICENSE)
      if(NOT EXISTS "${folder}/uplot/${file}")
        message(FATAL_ERROR "${folder}/uplot/${file} is not there: scripts/setup.sh fetches it with npm; without a network, "
                            "-DGTSA_WEB_ASSETS=DIR names a folder that holds uplot/, or -DGTSA_REPORT=OFF builds without")
      endif()
      list(APPEND sources "${folder}/uplot/${file}")
    endforeach()
  endif()
  set(GTSA_ASSET_ROWS "")
  foreach(file IN LISTS sources)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME)
    file(READ ${file} text)
    string(APPEND GTSA_ASSET_ROWS "    {\"${name}\", R\"~asset~(${text})~asset~\"},\n")
  endforeach()
  configure_file(assets.cpp.in ${output} @ONLY)
endfunction()
