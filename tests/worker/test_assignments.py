"""Assignments of one worker are told apart, whatever the group's coordinator calls them."""

from streams.worker.faust_patches import App


def test_numbers_only_grow() -> None:
    """An assignment has the group's generation as its number while that grows, and the next number where it does not:
    a broker that has lost its groups counts them anew."""
    app, numbers = App("assignments", broker="kafka://localhost:9"), list[int]()
    for generation in (1, 2, 5, 1, 1, 2, 9):
        app.consumer_generation_id = generation
        numbers.append(app.consumer_generation_id)
        assert app.group_generation == generation
    assert numbers == [1, 2, 5, 6, 7, 8, 9]
