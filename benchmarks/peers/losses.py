"""GTSA's losses as a PyTorch user writes them: a loop over the pairs of views (docs/method.md 3)."""
import torch
import torch.nn.functional as F
from torchvision.ops import roi_align


def turn(maps, quarters):
    """Each sample's map turned anticlockwise by its own number of quarters."""
    return torch.stack([torch.rot90(m, int(k), dims=(1, 2)) for m, k in zip(maps, quarters)])


def crop_loss(student, teacher, student_box, teacher_box, quarters, size, patch):
    pooled_student = roi_align(student, list((student_box / patch).unsqueeze(1)), size, aligned=True)
    with torch.no_grad():
        pooled_teacher = turn(roi_align(teacher, list((teacher_box / patch).unsqueeze(1)), size, aligned=True), quarters)
    return -(F.normalize(pooled_student, dim=1) * F.normalize(pooled_teacher, dim=1)).sum(dim=1).mean()


def rows(maps, index):
    return torch.gather(maps, 1, index.unsqueeze(-1).expand(-1, -1, maps.shape[2]))


def best_matches(similarity, count):
    """Positions with the highest best similarity, and the candidate of each."""
    values, candidates = similarity.max(dim=2)
    kept = values.topk(count, dim=1).indices
    return kept, candidates.gather(1, kept)


def correspondence_loss(student, teacher, count):
    student, teacher = student.flatten(2).transpose(1, 2), teacher.flatten(2).transpose(1, 2)
    with torch.no_grad():
        similarity = torch.bmm(F.normalize(student, dim=2), F.normalize(teacher, dim=2).transpose(1, 2))
        of_student, to_teacher = best_matches(similarity, min(count, similarity.shape[1]))
        of_teacher, to_student = best_matches(similarity.transpose(1, 2), min(count, similarity.shape[2]))
    forth = -F.cosine_similarity(rows(student, of_student), rows(teacher, to_teacher), dim=2).mean()
    back = -F.cosine_similarity(rows(student, to_student), rows(teacher, of_teacher), dim=2).mean()
    return (forth + back) / 2


def gtsa_losses(model, views, boxes_global, boxes_all, turns, globals_, patch, sizes, matches, local_from=100):
    """views: V tensors [B, 3, S, S]; boxes_global [B, G, V, 4]; boxes_all [B, V, G, 4]; turns [V, B] in quarters.
    sizes, matches: for maps of more than `local_from` patches, and for others. Returns crop, correspondence, rotation."""
    batch = len(views[0])
    predicted_global, logits_global = model.student(torch.cat(views[:globals_]))
    predicted_local, logits_local = model.student(torch.cat(views[globals_:]))
    targets = model.teacher(torch.cat(views[:globals_])).split(batch)
    predicted = predicted_global.split(batch) + predicted_local.split(batch)
    crop, correspondence = [], []
    for q, target in enumerate(targets):
        for v, prediction in enumerate(predicted):
            if v == q:
                continue
            kind = 0 if prediction.shape[2] * prediction.shape[3] > local_from else 1
            crop.append(crop_loss(prediction, target, boxes_all[:, v, q], boxes_global[:, q, v],
                                  (turns[v] - turns[q]) % 4, sizes[kind], patch))  # fmt: skip
            correspondence.append(correspondence_loss(prediction, target, matches[kind]))
    rotation = F.cross_entropy(torch.cat([logits_global, logits_local]), turns.flatten())
    return torch.stack(crop).mean(), torch.stack(correspondence).mean(), rotation
