"""The queue against what can be worked out by hand and against one that is stepped through."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_border.traffic.queue import fluid_queue


def queue_of(rate, service, work=(1.0,)):
    rate = np.atleast_2d(np.asarray(rate, float))
    edges = np.arange(rate.shape[1] + 1.0)
    return fluid_queue(edges, rate, np.asarray(work, float), np.asarray(service, float))


def stepped(rate, service, work, *, steps=60, periods=6):
    """Vehicles by class at the end of each hour, and hours waited, by portions in a line."""
    count, hours = rate.shape
    line, waiting, waited = deque(), np.zeros(count), np.zeros(count)
    for period in range(periods):
        ends = []
        for hour in range(hours):
            for _ in range(steps):
                come = rate[:, hour] / steps
                line.append(come.copy())
                room = service[hour] / steps
                waiting += come
                # Below that nothing is left of a portion: a share of it may round to none.
                while line and room > 1e-9:
                    need = float(work @ line[0])
                    part = min(1.0, room / need) if need > 0 else 1.0
                    waiting -= part * line[0]
                    room -= part * need
                    if part < 1:
                        line[0] = (1 - part) * line[0]
                    else:
                        line.popleft()
                if period == periods - 1:
                    waited += waiting / steps
            ends.append(waiting.copy())
    return np.array(ends).T, waited


def test_what_can_be_served_at_once_does_not_wait():
    found = queue_of([[5, 5, 5]], [10, 10, 10])
    assert (found.leave == found.arrive).all()
    assert found.waiting(np.arange(4.0)).max() == 0
    assert found.steady
    assert found.load == 0.5


def test_a_closure_makes_a_triangle():
    # Closed for 2 h of 6, 10 an hour come, 20 can go: 20 wait, gone 2 h after the opening.
    found = queue_of([[10] * 6], [0, 0, 20, 20, 20, 20])
    assert found.waiting(np.arange(7.0))[0] == pytest.approx([0, 10, 20, 10, 0, 0, 0])
    assert found.quantile_wait(1.0) == pytest.approx([2])
    # Of 60, 40 wait evenly from 2 h to 0.
    assert found.quantile_wait(0.5) == pytest.approx([0.5])
    area = 20 * 2 / 2 + 20 * 2 / 2
    assert found.mean_waiting(np.array([0.0, 6.0]))[0] == pytest.approx([area / 6])


def test_a_queue_that_goes_over_the_end_is_there_at_the_beginning():
    found = queue_of([[0, 0, 30]], [10, 10, 11])
    assert found.waiting(np.array([0.0, 1.0, 2.0, 3.0]))[0] == pytest.approx([19, 9, 0, 19])
    assert found.leave.max() == pytest.approx(3 + 1.9)


def test_a_queue_may_last_for_several_periods():
    # All come in one instant or nearly, at full load.
    found = fluid_queue(
        np.array([0, 0.001, 3]), np.array([[30_000.0, 0]]), np.ones(1), np.array([10.0, 10.0])
    )
    assert found.load == pytest.approx(1)
    assert found.waiting(np.array([0.0, 3.0]))[0] == pytest.approx([0, 0], abs=1e-6)
    assert found.waiting(np.array([0.001]))[0] == pytest.approx([30], rel=1e-2)


def test_more_than_can_be_served_grows_and_is_called_so():
    found = queue_of([[10, 10], [20, 20]], [20, 20], work=[1, 1])
    assert not found.steady
    assert found.growth == pytest.approx([20 / 3, 40 / 3])
    assert found.waiting(np.array([0.0, 2.0])).sum(axis=0) == pytest.approx([0, 20])


hours = st.integers(2, 8)


@st.composite
def cases(draw):
    count, length = draw(st.integers(1, 3)), draw(hours)
    rates = st.lists(st.integers(0, 30), min_size=length, max_size=length)
    rate = np.array([draw(rates) for _ in range(count)], float)
    work = np.array(draw(st.lists(st.sampled_from([0.5, 1, 2, 7]), min_size=count, max_size=count)))
    service = np.array(draw(rates), float) * draw(st.sampled_from([1, 2, 10]))
    service[draw(st.integers(0, length - 1))] += 1
    return rate, service, work


@given(cases())
def test_who_comes_leaves_in_turn_and_the_period_repeats(case):
    rate, service, work = case
    found = queue_of(rate, service, work)
    length = rate.shape[1]
    assert found.vehicles.sum(axis=1) == pytest.approx(rate.sum(axis=1))
    assert (found.leave >= found.arrive).all()
    assert (np.diff(found.arrive.ravel()) >= -1e-9).all()
    assert (np.diff(found.leave.ravel()) >= -1e-9).all()
    ends = found.waiting(np.array([0.0, length]))
    passed = found.left(np.array([float(length)]))[:, 0]
    assert ends[:, 1] - ends[:, 0] == pytest.approx(rate.sum(axis=1) - passed, abs=1e-6)
    if found.steady:
        assert ends[:, 0] == pytest.approx(ends[:, 1], abs=1e-6)
        # Little: hours in the queue are the mean queue times the hours.
        waited = found.vehicles @ (found.leave - found.arrive).mean(axis=1)
        mean = found.mean_waiting(np.array([0.0, length]))[:, 0]
        assert waited == pytest.approx(mean * length, rel=1e-6, abs=1e-6)
        # Nothing is done while nobody waits, and as much as can be while somebody does.
        each = np.diff(found.left(np.arange(length + 1.0)))
        assert (work @ each <= service + 1e-6).all()


@given(cases())
def test_it_is_the_limit_of_small_steps(case):
    rate, service, work = case
    if work @ rate.sum(axis=1) > 0.95 * service.sum():
        return
    found = queue_of(rate, service, work)
    ends, waited = stepped(rate, service, work)
    length = rate.shape[1]
    # What comes or goes within a step.
    near = (rate.max() + service.max() / work.min()) / 60 + 1e-6
    assert found.waiting(np.arange(1, length + 1.0)) == pytest.approx(ends, abs=near)
    mean = found.mean_waiting(np.array([0.0, length]))[:, 0]
    assert mean * length == pytest.approx(waited, abs=near * length)


@given(cases(), st.floats(0, 1))
def test_a_share_waits_no_longer_than_its_quantile(case, share):
    found = queue_of(*case[:2], case[2])
    limit = found.quantile_wait(share)
    low, high = (found.leave - found.arrive).min(axis=1), (found.leave - found.arrive).max(axis=1)
    for vehicles, wait in zip(found.vehicles, limit, strict=True):
        if not vehicles.sum():
            assert np.isnan(wait)
            continue
        upto = np.where(
            high > low, np.clip((wait + 1e-9 - low) / np.maximum(high - low, 1e-12), 0, 1), 1.0
        )
        upto = np.where((high <= low) & (low > wait + 1e-9), 0, upto)
        assert vehicles @ upto / vehicles.sum() >= share - 1e-6
