"""The logit lens: what a language model would say if it stopped after each of its blocks.

nostalgebraist 2020, *interpreting GPT: the logit lens*: the state after every block goes through the last norm and the
matrix of scores, as only the state after the last block does in the model itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from dltui.device import pick_device
from dltui.errors import UsageError
from dltui.instruments.attention.look import query_place, shortened
from dltui.instruments.features.layers import forward
from dltui.objective.undisturbed import undisturbed
from dltui.progress import Report, silent
from dltui.results.lens import LogitLens

if TYPE_CHECKING:
    from dltui.checkpoints.live import LiveModel
    from dltui.data.inputs import Given

KEPT = 5  # best tokens that are kept of each layer and position
NEAR = 1e-3  # by how much scores may differ from the model's own, as a share of their spread


def logit_lens(
    live: LiveModel,
    given: Given,
    *,
    target: str | None = None,
    position: str | None = None,
    device: str = "cpu",
    report: Report = silent,
) -> LogitLens:
    """Read the state after every block as scores of the next token.

    Args:
        live: A model that gives scores of tokens; it is left as found.
        given: A text.
        target: The next token whose way is followed; what the model itself says when None.
        position: The token after which the model speaks: its position from 0, or its text; the last one when None.
        device: Where to compute.
        report: Is told after every layer.

    Returns:
        The best tokens, entropies, and what becomes of the model's answer, for every layer and position.

    Raises:
        UsageError: If the model doesn't read tokens, or there is no such position or target.
        DltuiError: If it has no blocks, or what follows them is no row of layers.
    """
    if live.takes.kind != "tokens":
        raise UsageError(f"the logit lens reads language models, and {live.title} takes no tokens: try gpt")
    place = pick_device(device)
    with undisturbed(live.module) as module, torch.no_grad():
        module.to(place).eval()
        states, speak = _states(module, given.tensor.to(place))
        scores = speak(states[-1])[0]
        pieces = list(given.pieces) or [str(one) for one in range(scores.shape[0])]
        spot = query_place(position, pieces, last=True, option="--position")
        answers = scores.argmax(dim=-1)
        if target is not None:
            answers = torch.full_like(answers, token_of(target, live, scores[spot]))
        rows = []
        for done, state in enumerate(states):
            rows.append(_read(speak(state)[0], answers))
            report(done + 1, len(states), None)
    ids, probabilities, told, rank, entropy = (np.stack(part) for part in zip(*rows, strict=True))
    return LogitLens(
        title=f"{live.title}, {shortened(given.title)}",
        ids=ids,
        probabilities=probabilities,
        answer=told,
        rank=rank,
        entropy=entropy,
        words=_words(live, np.append(ids, answers.cpu())),
        target=answers.cpu().numpy(),
        asked=target is not None,
        tokens=pieces,
        layers=["embedding", *(f"block {i}" for i in range(len(states) - 1))],
        position=spot,
        note=given.note,
        input=given.text or given.title,
    )


def token_of(word: str, live: LiveModel, scores: Tensor) -> int:
    """Return the token that a word is, with a space before it or without, whichever the model finds likelier.

    Args:
        word: The word, or the number of a token.
        live: Whose vocabulary it is.
        scores: What the model says where it is asked, shape (vocabulary,).

    Returns:
        The number of the token.

    Raises:
        UsageError: If it is no single token.
    """
    tokenizer, found = live.takes.tokenizer, list[int]()
    if tokenizer is not None:
        with suppress(UsageError):  # a letter that the vocabulary doesn't have
            near = [*tokenizer.encode(word), *tokenizer.encode(f" {word}")]
            found = [one for one in near if tokenizer.decode([one]).strip() == word.strip()]
    if not found and word.isdecimal() and int(word) < len(scores):
        found = [int(word)]
    if not found:
        raise UsageError(
            f"--target {word!r} is no single token of {live.title}: try one that it names itself"
        )
    return max(found, key=lambda one: float(scores[one]))


def blocks_of(module: nn.Module) -> list[nn.Module]:
    """Return the blocks of a network: the longest list of modules of one kind.

    Args:
        module: The network.

    Returns:
        The blocks in order.

    Raises:
        DltuiError: If it has none.
    """
    best: list[nn.Module] = []
    for part in module.modules():
        if isinstance(part, nn.ModuleList | nn.Sequential) and len({type(block) for block in part}) == 1:
            best = max(best, list(part), key=len)
    if not best:
        raise UsageError(
            f"{type(module).__name__} has no row of blocks of one kind: expected a transformer such as gpt"
        )
    return best


def _states(module: nn.Module, x: Tensor) -> tuple[list[Tensor], Callable[[Tensor], Tensor]]:
    """Return the state before the first and after every block, and what makes scores of a state."""
    blocks = blocks_of(module)
    states: list[Tensor] = []
    after: list[nn.Module] = []

    def enter(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        if not states:
            states.append(inputs[0].detach().clone())

    def leave(_: nn.Module, __: object, output: Any) -> None:
        states.append((output if isinstance(output, Tensor) else output[0]).detach().clone())

    def follow(part: nn.Module, _: object) -> None:
        if len(states) == len(blocks) + 1:
            after.append(part)

    leaves = [part for part in module.modules() if not any(True for _ in part.children())]
    handles = [blocks[0].register_forward_pre_hook(enter)]
    handles += [block.register_forward_hook(leave) for block in blocks]
    handles += [part.register_forward_pre_hook(follow) for part in leaves]
    try:
        scores = forward(module, x)
    finally:
        for handle in handles:
            handle.remove()
    return states, _tail(module, after, states[-1], scores)


def _tail(
    module: nn.Module, after: Sequence[nn.Module], state: Tensor, scores: Any
) -> Callable[[Tensor], Tensor]:
    """Return what the model does with the state after its last block, once it is shown to give the model's scores."""

    def speak(hidden: Tensor) -> Tensor:
        for part in after:
            hidden = part(hidden)
        return hidden

    name = type(module).__name__
    if not (isinstance(scores, Tensor) and scores.ndim == 3 and after):
        raise UsageError(
            f"{name} gives no scores of tokens at every position: expected a language model such as gpt"
        )
    again = speak(state)
    if again.shape != scores.shape or (again - scores).abs().max() > NEAR * scores.std():
        raise UsageError(
            f"can't tell how {name} makes scores of its last state: expected a norm and a linear layer in a row"
        )
    return speak


def _read(scores: Tensor, answers: Tensor) -> tuple[np.ndarray[Any, Any], ...]:
    """Return what one layer says: best tokens, their probabilities, those and the ranks of the answers, entropy."""
    logs = scores.double().log_softmax(dim=-1)
    best = logs.topk(min(KEPT, logs.shape[-1]), dim=-1)
    own = logs.gather(-1, answers[:, None])
    rank = (logs > own).sum(dim=-1) + 1
    entropy = -(logs.exp() * logs).sum(dim=-1)
    found = (best.indices, best.values.exp(), own[:, 0].exp(), rank, entropy)
    return tuple(part.cpu().numpy() for part in found)


def _words(live: LiveModel, ids: np.ndarray[Any, Any]) -> dict[str, str]:
    """Return what stands for every token that is told, by its number."""
    known = np.unique(ids).tolist()
    tokenizer = live.takes.tokenizer
    if tokenizer is not None:
        return {str(one): word for one, word in zip(known, tokenizer.pieces(known), strict=True)}
    names = live.takes.classes
    return {str(one): names[one] if one < len(names) else str(one) for one in known}
