"""Latest wins, without a widget: real threads, no sleeping."""

import threading
from collections.abc import Callable

from camwidget.widget.scheduler import Scheduler, Superseded, Token


class Work:
    """Answers requests; each waits at its gate until the test lets it go on."""

    def __init__(self) -> None:
        self.started: list[set[str]] = []
        self.answered: list[tuple[set[str], bool]] = []
        self.gate = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)

    def __call__(self, request: frozenset[str], token: Token) -> None:
        self.started.append(set(request))
        self.entered.release()
        assert self.gate.acquire(timeout=30)
        kept_on = token.go_on()
        self.answered.append((set(request), kept_on))


def scheduler_of(work: Callable[[frozenset[str], Token], None]) -> Scheduler[str, frozenset[str]]:
    return Scheduler(lambda changes: changes, work, threading.RLock())


def test_only_the_newest_state_is_answered_and_what_was_left_falls_to_it():
    work = Work()
    scheduler = scheduler_of(work)
    scheduler.submit({"layer"})
    assert work.entered.acquire(timeout=30)
    for number in range(100):
        scheduler.submit({f"change {number % 3}"})
    for _ in range(2):
        work.gate.release()
    assert scheduler.wait(30)
    changes = {"change 0", "change 1", "change 2"}
    assert work.started == [{"layer"}, {"layer"} | changes]
    assert work.answered == [({"layer"} | changes, True)]  # the first was overtaken and gave up
    assert scheduler.number == 101


def test_what_was_answered_does_not_come_again():
    work = Work()
    scheduler = scheduler_of(work)
    for name in ("a", "b"):
        scheduler.submit({name})
        work.gate.release()
        assert scheduler.wait(30)
    assert work.started == [{"a"}, {"b"}]


def test_the_request_is_taken_with_the_lock_held():
    lock = threading.RLock()
    seen = []

    def take(changes: frozenset[str]) -> frozenset[str]:
        seen.append(lock._is_owned())  # type: ignore[attr-defined] # RLock has it, its stub has not
        return changes

    scheduler = Scheduler(take, lambda request, token: None, lock)
    scheduler.submit({"a"})
    assert scheduler.wait(30)
    assert seen == [True]


def test_stop_keeps_what_there_is():
    work = Work()
    scheduler = scheduler_of(work)
    assert not scheduler.stop()  # nothing to stop
    scheduler.submit({"a"})
    assert work.entered.acquire(timeout=30)
    assert scheduler.stop()
    work.gate.release()
    assert scheduler.wait(30)
    assert work.answered == [({"a"}, False)]
    assert not scheduler.stop()


def test_wait_gives_up_after_its_timeout():
    work = Work()
    scheduler = scheduler_of(work)
    scheduler.submit({"a"})
    assert work.entered.acquire(timeout=30)
    assert not scheduler.wait(0.01)
    work.gate.release()
    assert scheduler.wait(30)


def test_wait_lets_go_of_a_lock_that_its_thread_holds():
    lock = threading.RLock()
    answered = []

    def work(request: frozenset[str], token: Token) -> None:
        with lock:
            answered.append(set(request))

    scheduler = Scheduler(lambda changes: changes, work, lock)
    with lock, lock:
        scheduler.submit({"a"})
        assert scheduler.wait(30)
    assert answered == [{"a"}]


def test_the_worker_does_not_wait_for_itself():
    seen = []
    scheduler = scheduler_of(lambda request, token: seen.append(scheduler.wait(30)))
    scheduler.submit({"a"})
    assert scheduler.wait(30)
    assert seen == [True]


def test_an_exception_is_reported_and_the_next_change_is_answered(monkeypatch):
    reported = []
    monkeypatch.setattr(threading, "excepthook", lambda args: reported.append(args.exc_type))
    answered = []

    def work(request: frozenset[str], token: Token) -> None:
        if request == {"bad"}:
            raise NameError("an observer's own mistake")
        answered.append(set(request))

    scheduler = scheduler_of(work)
    scheduler.submit({"bad"})
    assert scheduler.wait(30)
    scheduler.submit({"good"})
    assert scheduler.wait(30)
    assert reported == [NameError]
    assert answered == [{"good"}]


def test_after_close_nothing_is_answered_and_the_worker_ends():
    work = Work()
    scheduler = scheduler_of(work)
    scheduler.submit({"a"})
    assert work.entered.acquire(timeout=30)
    scheduler.submit({"b"})
    scheduler.close()
    scheduler.close()
    scheduler.submit({"c"})
    work.gate.release()
    worker = scheduler._worker
    assert worker is not None
    worker.join(30)
    assert not worker.is_alive()
    assert work.started == [{"a"}]
    assert work.answered == []
    assert scheduler.wait(1)


def test_a_superseded_computation_is_told_by_an_exception():
    raised = threading.Event()
    entered, gate = threading.Semaphore(0), threading.Semaphore(0)

    def work(request: frozenset[str], token: Token) -> None:
        entered.release()
        assert gate.acquire(timeout=30)
        try:
            token.go_on()
        except Superseded:
            raised.set()
            raise

    scheduler = scheduler_of(work)
    scheduler.submit({"a"})
    assert entered.acquire(timeout=30)
    scheduler.submit({"b"})
    gate.release()
    assert entered.acquire(timeout=30)
    assert raised.is_set()
    gate.release()
    assert scheduler.wait(30)


def test_spare_work_is_begun_again_and_done_while_nothing_waits():
    events, entered, gate = [], threading.Semaphore(0), threading.Semaphore(0)

    def spare() -> float | None:
        events.append("spare")
        entered.release()
        assert gate.acquire(timeout=30)
        return None if events.count("spare") in (1, 4) else 0.0

    scheduler = Scheduler(lambda changes: changes, lambda *_: events.append("answer"), threading.RLock(), spare)
    scheduler.start()
    assert entered.acquire(timeout=30)
    gate.release()  # there is nothing more to do
    scheduler.start()
    assert entered.acquire(timeout=30)
    assert scheduler.wait(30)  # for what can wait nobody waits
    scheduler.submit({"a"})
    gate.release(3)
    for _ in range(2):
        assert entered.acquire(timeout=30)
    scheduler.close()
    worker = scheduler._worker
    assert worker is not None
    worker.join(30)
    assert events == ["spare", "spare", "answer", "spare", "spare"]
