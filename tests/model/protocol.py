"""The steps of one hold, in the order of `file_processor.table_run`: each reads or writes one thing, and anything may come between.

    plan      freeze the pending files; nothing to do, no run
    look      owner and fence as they are; of a free table ask history at once
    acquire   one conditional write, when nobody owns the table or its owner has ended
    list      the timeline: what the ledger does not know is settled first (raise, files, progress for each)
    choose    frozen files without those that history has
    clear     before a first load: what a dead one left
    intent    conditional
    begin, data, complete      the one Hudi commit
    check     the own commit is the newest, follows the settled one, fences do not fall, its data is there
    files     to history, a transaction for each here, each with the lease's condition
    progress  mark and instant, conditional
    tell      the audit row
    release   conditional
    over      this table is done with; the process goes on with others until it ends

A pause is anything that happens between two steps, however long it takes; a death is a process that ends
(`tests.model.environment`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.model import folder, writes
from tests.model.world import NONE, Commit, Data, Files, Put, Rules, Run, Step, World, Write, is_alive, with_run

Then = Callable[[World], World]


def steps(world: World, number: int, rules: Rules) -> Iterator[Step]:
    """What a hold may do next; nothing while it waits for an owner to end, or when it is over."""
    run = world.runs[number]
    if not is_alive(world, run):
        return
    for text, after in _STEPS[run.at](world, number, run, rules):
        yield f"{run.owner} {text}", after


def has_ended(world: World, owner: str) -> bool:
    """What everybody believes of a process."""
    return owner in world.ended or owner in world.believed


def _plan(world: World, number: int, _run: Run, rules: Rules) -> Iterator[Step]:
    """Runs differ by name alone, so they may as well begin in their order."""
    if number and world.runs[number - 1].at == "plan":
        return
    ledger, conditions = world.ledger, rules.conditions
    is_dead = bool(ledger.owner) and has_ended(world, ledger.owner) and conditions.dead_planned
    is_left = not ledger.owner and ledger.intent and conditions.intent_planned
    if world.waiting or is_dead or is_left:
        yield f"is planned with {_told(world.waiting)}", with_run(world, number, at="look", frozen=world.waiting)


def _look(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    seen = (world.ledger.owner, world.ledger.fence)
    asks = not seen[0] or not rules.conditions.known_of_free_alone
    known = run.frozen & world.done if asks else None
    text = f"sees the table {'owned by ' + seen[0] if seen[0] else 'free'} with fence {seen[1]}"
    yield text, with_run(world, number, at="acquire", seen=seen, known=known)


def _acquire(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    owner, fence = run.seen
    if owner and owner != run.owner and not has_ended(world, owner) and rules.conditions.has_ended:
        yield from _given_back(world, number, run)
        return
    write = Write("acquire", number, run.owner, fence, seen_owner=owner)

    def taken(after: World) -> World:
        ledger = after.ledger
        return with_run(after, number, at="list", fence=ledger.fence, settled=ledger.instant, mark=ledger.mark)

    yield from _written(world, number, write, rules, taken, _looks_again)


def _given_back(world: World, number: int, run: Run) -> Iterator[Step]:
    """Who waits for an owner looks again when the table is no longer as it was seen."""
    if (world.ledger.owner, world.ledger.fence) != run.seen:
        yield "looks again", _looks_again(world, number)


def _looks_again(world: World, number: int) -> World:
    return with_run(world, number, at="look", seen=("", 0), known=None)


def _list(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    found = folder.unsettled(world, run.settled, rules)
    listed = frozenset(instant for instant, _ in world.begun)
    if found is None:
        yield "finds ledger and timeline in disagreement", _violation(world, number)
    elif found and rules.conditions.timeline_first:
        text = f"finds commits {', '.join(str(commit.instant) for commit in found)} that the ledger does not know"
        yield text, _settles(with_run(world, number, listed=listed, rest=found), number, rules)
    else:
        there = folder.is_there(world)
        yield "lists the timeline", with_run(world, number, at="choose", listed=listed, had_folder=there)


def _settles(world: World, number: int, rules: Rules) -> World:
    """Go on with the next commit of a dead run, or else with the own files."""
    run = world.runs[number]
    if not run.rest:
        return with_run(world, number, at="choose", settling=None)
    commit, *rest = run.rest
    raises = rules.conditions.fence_raised and commit.fence >= run.fence
    return with_run(
        world,
        number,
        at="raise" if raises else "files",
        settling=commit,
        rest=tuple(rest),
        chunks=tuple(sorted(commit.files)),
    )


def _raise(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    fence = (run.settling.fence if run.settling else 0) + 1
    write = Write("raise", number, run.owner, run.fence, to=fence)
    yield from _written(world, number, write, rules, lambda after: with_run(after, number, at="files", fence=fence))


def _choose(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    conditions = rules.conditions
    done = run.frozen & world.done if run.known is None or run.just_done else run.known
    batch = run.frozen - run.just_done - (done if conditions.without_done else NONE)
    if conditions.done_dropped:
        world = world._replace(waiting=world.waiting - (done - run.just_done))
    if not batch:
        yield "has no file to apply", with_run(world, number, at="tell")
        return
    without_commit = bool(run.mark) and batch <= rules.surroundings.idle
    chunks = tuple(sorted(batch))
    if without_commit:
        at = "progress" if conditions.mark_before_files else "files"
    else:
        at = "intent" if run.mark else "clear"
    yield f"chooses {_told(batch)}", with_run(world, number, at=at, batch=batch, chunks=chunks)


def _clear(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    after = folder.cleared(world, run, rules)
    if after is None:
        yield "finds a commit where there should be none", _violation(world, number)
    else:
        yield "clears the folder for a first load", with_run(after, number, at="intent")


def _intent(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    write = Write("intent", number, run.owner, run.fence)
    at = "begin" if rules.conditions.settled_after_commit else "files"
    yield from _written(world, number, write, rules, lambda after: with_run(after, number, at=at))


def _begin(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    found = frozenset(instant for instant, _ in world.begun)
    others = found if rules.surroundings.spark else run.listed
    after = folder.begun(world, number, others, rules)
    told = f" and rolls {_told(others & found, 'commit')} back" if others & found else ""
    yield f"begins commit {after.clock}{told}", with_run(after, number, at="data", instant=after.clock)
    yield from _fails(world, number)


def _data(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    data = Data(run.instant, run.batch)
    yield f"puts the data of commit {run.instant}", with_run(folder.with_data(world, data), number, at="complete")
    yield from _fails_at_commit(world, number, rules, Put(number, data))


def _complete(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    commit = Commit(run.instant, run.batch, run.fence, run.settled, number)
    after = folder.completed(world, commit)
    yield f"completes commit {run.instant}", with_run(after, number, at="check", settling=commit)
    if rules.surroundings.spark and (run.instant, number) not in world.begun:  # Hudi notices, but not always
        yield f"is refused commit {run.instant}", _failed_at_commit(world, number, rules)
        yield f"is told that commit {run.instant} is made", with_run(world, number, at="check", settling=commit)
    yield from _fails_at_commit(world, number, rules, Put(number, Data(run.instant, run.batch), commit))


def _check(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    own = run.settling
    assert own is not None
    if folder.is_newest(world, own, rules):
        at = "files" if rules.conditions.settled_after_commit else "progress"
        yield "finds its commit to be the newest", with_run(world, number, at=at, chunks=tuple(sorted(own.files)))
    else:
        yield "finds that another writer was there", _violation(world, number)


def _files(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    file, *rest = run.chunks
    write = Write("files", number, run.owner, run.fence, files=frozenset({file}))

    def moved(after: World) -> World:
        return with_run(after, number, at="files" if rest else _behind_files(run, rules), chunks=tuple(rest))

    yield from _written(world, number, write, rules, moved)


def _behind_files(run: Run, rules: Rules) -> str:
    if run.settling is None and not run.batch <= rules.surroundings.idle:
        return "begin"  # the wrong order
    if run.settling is None and rules.conditions.mark_before_files:
        return "tell"
    return "progress"


def _progress(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    commit, files = run.settling, run.settling.files if run.settling else run.batch
    mark, instant = max(run.mark, *files), commit.instant if commit else run.settled
    write = Write("progress", number, run.owner, run.fence, to=instant, mark=mark)

    def reached(after: World) -> World:
        told = run.told | {instant} if commit else run.told
        after = with_run(after, number, settled=instant, mark=mark, told=told, just_done=run.just_done | files)
        if commit and not run.batch:
            return _settles(after, number, rules)
        behind = bool(run.chunks) and commit is None
        return with_run(after, number, at="files" if behind else "tell")

    yield from _written(world, number, write, rules, reached)


def _tell(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    if again := run.told & world.told:
        world = world._replace(broken=world.broken or f"G7: two audit rows tell {_told(again, 'commit')}")
    told = _told(run.told, "commit") if run.told else "nothing"
    yield f"appends an audit row of {told}", with_run(world._replace(told=world.told | run.told), number, at="release")


def _release(world: World, number: int, run: Run, rules: Rules) -> Iterator[Step]:
    write = Write("release", number, run.owner, run.fence)
    yield from _written(world, number, write, rules, lambda after: _over(after, number))
    if world.budget.failures:
        yield "cannot give the table back", _over(_less_failures(world), number)


def _nothing(_world: World, _number: int, _run: Run, _rules: Rules) -> Iterator[Step]:
    return iter(())


_STEPS: dict[str, Callable[[World, int, Run, Rules], Iterator[Step]]] = {
    "plan": _plan,
    "look": _look,
    "acquire": _acquire,
    "list": _list,
    "raise": _raise,
    "choose": _choose,
    "clear": _clear,
    "intent": _intent,
    "begin": _begin,
    "data": _data,
    "complete": _complete,
    "check": _check,
    "files": _files,
    "progress": _progress,
    "tell": _tell,
    "release": _release,
    "over": _nothing,
}


def _over(world: World, number: int) -> World:
    runs = world.runs
    return world._replace(runs=(*runs[:number], Run(runs[number].owner, "over"), *runs[number + 1 :]))


def _violation(world: World, number: int) -> World:
    """A TimelineViolation: a person is told, and the table is given back as it is."""
    return with_run(world, number, at="release")._replace(noticed=True)


def _written(
    world: World, number: int, write: Write, rules: Rules, then: Then, refused: Callable[[World, int], World] = _over
) -> Iterator[Step]:
    """A conditional write: carried out or refused; its answer may be lost, and then it is sent again.

    Args:
        world: before.
        number: of the hold.
        write: what it sends.
        rules: of the search.
        then: what it does when it knows that the write was carried out.
        refused: what it does when it was not: by default it has lost the lease, and stops.
    """
    text = _sentence(write)
    after = writes.carried_out(world, write, rules)
    if after is None and writes.is_own(world, write, rules):
        yield f"recognises that it {text}", then(world)
    elif after is None:
        is_holder = (world.ledger.owner, world.ledger.fence) == (write.owner, write.fence)
        if write.kind == "progress" and is_holder:
            yield f"is refused when it {text}", _violation(world, number)
        else:
            yield f"is refused when it {text}", refused(world, number)
    else:
        yield text, then(after)
        yield from _without_answer(world, after, write, text, rules)
    if write.kind not in ("acquire", "release"):
        yield from _fails(world, number)


def _without_answer(world: World, after: World, write: Write, text: str, rules: Rules) -> Iterator[Step]:
    left = world.budget.lost_answers
    if left:
        late = write if rules.surroundings.late_requests and world.late is None else world.late
        budget = world.budget._replace(lost_answers=left - 1)
        yield f"{text}, and does not hear of it", after._replace(budget=budget, late=late)


def _fails(world: World, number: int) -> Iterator[Step]:
    """An error that says that nothing was carried out: the table is given back."""
    if world.budget.failures:
        yield "fails and gives up", with_run(_less_failures(world), number, at="release")


def _fails_at_commit(world: World, number: int, rules: Rules, put: Put) -> Iterator[Step]:
    """An error of the engine: how the commit ended is not known, and a request may still be under way."""
    if not world.budget.failures:
        return
    failed = _failed_at_commit(_less_failures(world), number, rules)
    yield "fails in its commit", failed
    yield "fails in its commit, though it was made", folder.carried_out(failed, put)
    if rules.surroundings.stragglers and failed.late is None:
        yield "fails in its commit, with a request under way", failed._replace(late=put)


def _failed_at_commit(world: World, number: int, rules: Rules) -> World:
    keeps = rules.conditions.kept_after_failure and rules.surroundings.stragglers
    return _over(world, number) if keeps else with_run(world, number, at="release")


def _less_failures(world: World) -> World:
    return world._replace(budget=world.budget._replace(failures=world.budget.failures - 1))


def _sentence(write: Write) -> str:
    if write.kind == "acquire":
        return f"takes the table with fence {write.fence + 1}"
    if write.kind == "raise":
        return f"raises its fence to {write.to}"
    if write.kind == "intent":
        return "writes its intent down"
    if write.kind == "files":
        return f"moves {_told(write.files)} to history"
    if write.kind == "progress":
        return f"records mark {write.mark} and commit {write.to}"
    return "gives the table back"


def _told(numbers: Files, what: str = "file") -> str:
    if not numbers:
        return f"no {what}"
    return f"{what} {'+'.join(str(number) for number in sorted(numbers))}"
