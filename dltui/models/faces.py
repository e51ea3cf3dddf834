"""Finding faces by the cascade of MTCNN: a pyramid of sizes, proposals, and two rounds of sifting.

Section 2 of Zhang et al., 2016. A box is (left, top, right, bottom) in pixels. Everything here is exact about one
picture at a time; nothing is learnt.

Shape letters in this file: C channels, H height, W width, N boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dltui.models.mtcnn import WINDOWS, ONet, PNet, RNet

STRIDE, CELL = 2, 12  # pixels between two windows of P-Net, and the side of one
SHRINK = 0.709  # from one size of the pyramid to the next: half the area
SURE = (0.6, 0.7, 0.7)  # what each network must give for a face
OVERLAP_SIZE, OVERLAP = 0.5, 0.7  # of boxes: within one size of the pyramid, and afterwards
CENTRE, SCALE = 127.5, 128.0


@dataclass(frozen=True, eq=False)
class Faces:
    """What was found in one picture, the surest first.

    Attributes:
        boxes: Shape (N, 4), pixels.
        scores: How sure the last network is, shape (N,).
        points: Left eye, right eye, nose, left and right corner of the mouth, shape (N, 5, 2) as (x, y).
    """

    boxes: Tensor
    scores: Tensor
    points: Tensor


def proposals(picture_CHW: Tensor, pnet: PNet, *, smallest: int = 20) -> tuple[Tensor, Tensor]:
    """Return the windows that P-Net takes for faces, moved as it says.

    Args:
        picture_CHW: Values 0 … 255.
        pnet: The network.
        smallest: Pixels of the smallest face that is looked for.

    Returns:
        Boxes (N, 4) and scores (N,), the surest first.
    """
    boxes, scores, moves = windows(picture_CHW, pnet, smallest=smallest)
    keep = suppressed(boxes, scores, OVERLAP)
    boxes, scores, moves = boxes[keep], scores[keep], moves[keep]
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + moves * sides, scores


def windows(picture_CHW: Tensor, pnet: PNet, *, smallest: int = 20) -> tuple[Tensor, Tensor, Tensor]:
    """Return the windows that P-Net takes for faces, as they lie, the best of each size of the pyramid.

    Args:
        picture_CHW: Values 0 … 255.
        pnet: The network.
        smallest: Pixels of the smallest face that is looked for.

    Returns:
        Windows (N, 4), scores (N,) and shifts of their edges (N, 4) as shares of their sides.
    """
    height, width = picture_CHW.shape[1:]
    scale, found = CELL / smallest, []
    while min(height, width) * scale >= CELL:
        size = (int(height * scale + 1), int(width * scale + 1))
        small = functional.interpolate(picture_CHW[None], size=size, mode="area")
        logits, moves = pnet.heads((small - CENTRE) / SCALE)
        scores = logits.softmax(1)[0, 1]
        rows, columns = (scores >= SURE[0]).nonzero(as_tuple=True)
        corners = torch.stack([columns, rows], 1) * STRIDE
        boxes = torch.cat([((corners + 1) / scale).floor(), ((corners + CELL) / scale).floor()], 1)
        sure = scores[rows, columns]
        keep = suppressed(boxes, sure, OVERLAP_SIZE)
        found.append((boxes[keep], sure[keep], moves[0, :, rows, columns].T[keep]))
        scale *= SHRINK
    if not found:
        return torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 4)
    boxes, scores, moves = (torch.cat(parts) for parts in zip(*found, strict=True))
    order = scores.argsort(descending=True)
    return boxes[order], scores[order], moves[order]


@torch.no_grad()
def find_faces(picture_CHW: Tensor, pnet: PNet, rnet: RNet, onet: ONet, *, smallest: int = 20) -> Faces:
    """Return the faces in a picture.

    Args:
        picture_CHW: Values 0 … 255, three channels.
        pnet: Proposes.
        rnet: Sifts.
        onet: Judges, and finds five points.
        smallest: Pixels of the smallest face that is looked for.

    Returns:
        Boxes, scores and points; none when there is no face.
    """
    boxes, scores = proposals(picture_CHW, pnet, smallest=smallest)
    boxes = squares(boxes)
    cut, boxes, scores = cut_out(picture_CHW, boxes, scores, WINDOWS["rnet"])
    logits, moves = rnet.heads(cut)
    boxes, scores, kept = _sifted(boxes, logits, SURE[1])
    keep = suppressed(boxes, scores, OVERLAP)
    boxes = squares(_moved(boxes[keep], moves[kept][keep]))
    cut, boxes, scores = cut_out(picture_CHW, boxes, scores[keep], WINDOWS["onet"])
    logits, moves, shares = onet.heads(cut)
    boxes, scores, kept = _sifted(boxes, logits, SURE[2])
    points = _points(boxes, shares[kept])
    boxes = _moved(boxes, moves[kept])
    keep = suppressed(boxes, scores, OVERLAP, of_smaller=True)
    return Faces(boxes[keep], scores[keep], points[keep])


def suppressed(boxes: Tensor, scores: Tensor, most: float, *, of_smaller: bool = False) -> Tensor:
    """Return which boxes stay when each drives out those that it covers: non-maximum suppression.

    Args:
        boxes: Shape (N, 4).
        scores: Shape (N,).
        most: The share that two boxes may have in common.
        of_smaller: Whether the share is of the smaller box rather than of both together.

    Returns:
        Their places, the surest first.
    """
    left, top, right, bottom = boxes.T
    areas = (right - left + 1) * (bottom - top + 1)
    order, kept = scores.argsort(descending=True), []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(first)
        wide = (torch.minimum(right[first], right[rest]) - torch.maximum(left[first], left[rest]) + 1).clamp(
            min=0
        )
        high = (torch.minimum(bottom[first], bottom[rest]) - torch.maximum(top[first], top[rest]) + 1).clamp(
            min=0
        )
        common = wide * high
        whole = (
            torch.minimum(areas[first], areas[rest]) if of_smaller else areas[first] + areas[rest] - common
        )
        order = rest[common / whole <= most]
    return torch.stack(kept) if kept else torch.zeros(0, dtype=torch.int64)


def squares(boxes: Tensor) -> Tensor:
    """Return squares around the same middles, as large as the longer side of each box."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    middles, longer = boxes[:, :2] + sizes / 2, sizes.max(1, keepdim=True)[0] if len(boxes) else sizes[:, :1]
    return torch.cat([middles - longer / 2, middles + longer / 2], 1)


def cut_out(picture_CHW: Tensor, boxes: Tensor, scores: Tensor, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the boxes show, each shrunk or stretched to a square of ``side`` pixels.

    Args:
        picture_CHW: Values 0 … 255.
        boxes: Shape (N, 4); what reaches beyond the picture is cut off.
        scores: Shape (N,).
        side: Pixels.

    Returns:
        Shape (N', 3, side, side), with the boxes and scores of those that show anything at all.
    """
    height, width = picture_CHW.shape[1:]
    pieces, kept = [], []
    for place, (left, top, right, bottom) in enumerate(boxes.trunc().int().tolist()):
        rows, columns = (
            slice(max(top, 1) - 1, min(bottom, height)),
            slice(max(left, 1) - 1, min(right, width)),
        )
        if rows.stop > rows.start and columns.stop > columns.start:
            piece = picture_CHW[None, :, rows, columns]
            pieces.append(functional.interpolate(piece, size=(side, side), mode="area"))
            kept.append(place)
    cut = torch.cat(pieces) if pieces else torch.zeros(0, picture_CHW.shape[0], side, side)
    return (cut - CENTRE) / SCALE, boxes[kept], scores[kept]


def _sifted(boxes: Tensor, logits: Tensor, sure: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the boxes that a network takes for faces, its scores, and which they were."""
    scores = logits.softmax(1)[:, 1]
    kept = (scores > sure).nonzero()[:, 0]
    return boxes[kept], scores[kept], kept


def _moved(boxes: Tensor, moves: Tensor) -> Tensor:
    """Return boxes with each edge moved by a share of the side."""
    return boxes + moves * (boxes[:, 2:] - boxes[:, :2] + 1).repeat(1, 2)


def _points(boxes: Tensor, shares: Tensor) -> Tensor:
    """Return points in pixels, shape (N, 5, 2), from shares of the boxes."""
    sizes = boxes[:, 2:] - boxes[:, :2] + 1
    return boxes[:, None, :2] + sizes[:, None] * shares.reshape(-1, 2, 5).transpose(1, 2) - 1
