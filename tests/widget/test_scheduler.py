"""Latest wins, without a widget: real threads, no sleeping."""

import threading

from camwidget.widget.scheduler import Scheduler, Superseded


class Work:
    """Answers requests; each waits at its gate until the test lets it go on."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.answered: list[tuple[int, bool]] = []
        self.gate = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)

    def __call__(self, request, token) -> None:
        self.started.append(request)
        self.entered.release()
        assert self.gate.acquire(timeout=30)
        kept_on = token.go_on()
        self.answered.append((request, kept_on))


def test_only_the_newest_of_many_is_answered():
    work = Work()
    scheduler = Scheduler(work, threading.RLock())
    scheduler.submit(0)
    assert work.entered.acquire(timeout=30)
    for request in range(1, 100):
        scheduler.submit(request)
    for _ in range(2):
        work.gate.release()
    assert scheduler.wait(30)
    assert work.started == [0, 99]
    assert work.answered == [(99, True)]  # 0 was overtaken and gave up


def test_stop_keeps_what_there_is():
    work = Work()
    scheduler = Scheduler(work, threading.RLock())
    assert not scheduler.stop()  # nothing to stop
    scheduler.submit(5)
    assert work.entered.acquire(timeout=30)
    assert scheduler.stop()
    work.gate.release()
    assert scheduler.wait(30)
    assert work.answered == [(5, False)]
    assert not scheduler.stop()


def test_wait_gives_up_after_its_timeout():
    work = Work()
    scheduler = Scheduler(work, threading.RLock())
    scheduler.submit(1)
    assert work.entered.acquire(timeout=30)
    assert not scheduler.wait(0.01)
    work.gate.release()
    assert scheduler.wait(30)


def test_wait_lets_go_of_a_lock_that_its_thread_holds():
    lock = threading.RLock()
    answered = []

    def work(request, token):
        with lock:
            answered.append(request)

    scheduler = Scheduler(work, lock)
    with lock, lock:
        scheduler.submit(1)
        assert scheduler.wait(30)
    assert answered == [1]


def test_the_worker_itself_does_not_wait_for_itself():
    seen = []
    scheduler = Scheduler(
        lambda request, token: seen.append((scheduler.wait(30), scheduler.in_worker())), threading.RLock()
    )
    scheduler.submit(1)
    assert scheduler.wait(30)
    assert seen == [(True, True)]
    assert not scheduler.in_worker()


def test_after_close_nothing_is_answered_and_the_worker_ends():
    work = Work()
    scheduler = Scheduler(work, threading.RLock())
    scheduler.submit(1)
    assert work.entered.acquire(timeout=30)
    scheduler.submit(2)
    scheduler.close()
    scheduler.close()
    scheduler.submit(3)
    work.gate.release()
    worker = scheduler._worker
    assert worker is not None
    worker.join(30)
    assert not worker.is_alive()
    assert work.started == [1]
    assert work.answered == []
    assert scheduler.wait(1)


def test_a_superseded_computation_is_told_by_an_exception():
    raised = threading.Event()
    entered = threading.Semaphore(0)
    gate = threading.Semaphore(0)

    def work(request, token):
        entered.release()
        assert gate.acquire(timeout=30)
        try:
            token.go_on()
        except Superseded:
            raised.set()
            raise

    scheduler = Scheduler(work, threading.RLock())
    scheduler.submit(1)
    assert entered.acquire(timeout=30)
    scheduler.submit(2)
    gate.release()
    assert entered.acquire(timeout=30)
    assert raised.is_set()
    gate.release()
    assert scheduler.wait(30)
