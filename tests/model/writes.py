"""Requests to DynamoDB: each is carried out at once, or refused by its condition (`odpf.adapters.ledger`, `finish`)."""

from __future__ import annotations

from tests.model.world import Rules, World, Write


def carried_out(world: World, write: Write, rules: Rules) -> World | None:
    """The world after a write; None when it was refused. `broken` tells a write that nobody may have been allowed."""
    if write.kind == "acquire":
        return _acquired(world, write, rules)
    if not _is_allowed(world, write, rules):
        return None
    after = _CHANGES[write.kind](world, write)
    if after != world and world.holder != write.hold:  # the same once more changes nothing
        holder = "nobody" if world.holder is None else world.runs[world.holder].owner
        return _broken(after, f"G5: {write.owner}, which has lost the table to {holder}, changed it: {write.kind}")
    return after


def is_own(world: World, write: Write, rules: Rules) -> bool:
    """Whether a refused write shows to have been carried out before, its answer lost."""
    ledger = world.ledger
    if write.kind == "acquire":
        return ledger.token == write.hold if rules.conditions.token else ledger.owner == write.owner
    return write.kind == "raise" and (ledger.owner, ledger.fence) == (write.owner, write.to)


def _acquired(world: World, write: Write, rules: Rules) -> World | None:
    ledger, conditions = world.ledger, rules.conditions
    if conditions.owner_as_seen and ledger.owner != write.seen_owner:
        return None
    if conditions.fence_as_seen and ledger.fence != write.fence:
        return None
    holder = None if world.holder is None else world.runs[world.holder].owner
    if rules.surroundings.is_right_about_ends and holder is not None and holder not in world.ended:
        world = _broken(world, f"G5: {write.owner} and {holder} both write the table")
    fence = write.fence + 1
    if fence <= world.highest:
        world = _broken(world, f"G5: {write.owner} got fence {fence} after somebody had {world.highest}")
    taken = ledger._replace(owner=write.owner, fence=fence, token=write.hold)
    return world._replace(ledger=taken, holder=write.hold, highest=max(world.highest, fence))


def _is_allowed(world: World, write: Write, rules: Rules) -> bool:
    ledger, conditions = world.ledger, rules.conditions
    looks = {
        "intent": conditions.lease_in_intent,
        "files": conditions.lease_in_chunks,
        "progress": conditions.lease_in_progress,
        "release": conditions.lease_in_release,
    }
    if looks.get(write.kind, True):
        if conditions.owner_in_writes and ledger.owner != write.owner:
            return False
        if conditions.fence_in_writes and ledger.fence != write.fence:
            return False
    return not (write.kind == "progress" and conditions.mark_not_back and write.mark < ledger.mark)


def _fence(world: World, write: Write) -> World:
    return world._replace(ledger=world.ledger._replace(fence=write.to), highest=max(world.highest, write.to))


def _intent(world: World, _write: Write) -> World:
    return world._replace(ledger=world.ledger._replace(intent=True))


def _files(world: World, write: Write) -> World:
    return world._replace(waiting=world.waiting - write.files, done=world.done | write.files)


def _progress(world: World, write: Write) -> World:
    if write.mark < world.ledger.mark:
        world = _broken(world, f"G2: the high-water mark went back from {world.ledger.mark} to {write.mark}")
    return world._replace(ledger=world.ledger._replace(mark=write.mark, instant=write.to, intent=False))


def _release(world: World, _write: Write) -> World:
    return world._replace(ledger=world.ledger._replace(owner="", token=-1), holder=None)


_CHANGES = {"raise": _fence, "intent": _intent, "files": _files, "progress": _progress, "release": _release}


def _broken(world: World, what: str) -> World:
    return world if world.broken else world._replace(broken=what)
