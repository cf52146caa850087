"""What the page says of traffic."""

from dataclasses import replace

from geo_border.pipeline.results import Results
from geo_border.pipeline.traffic_settings import ClassSection, SegmentSection, TrafficSection
from geo_border.report.page.traffic import by_default, drawn_between


def with_classes(results: Results, classes: dict[str, ClassSection]) -> Results:
    traffic = TrafficSection(classes=classes)
    return replace(results, settings=results.settings.model_copy(update={"traffic": traffic}))


def test_parameters_that_nobody_fitted_are_said_to_be_defaults(results: Results):
    own = ClassSection(segments=[SegmentSection(theta=0.3, outside=0.2)])
    said = by_default(with_classes(results, {"car": own, "truck": ClassSection()}))
    assert said.startswith("How trips weigh hours is a default, fitted to nothing, for truck:")
    assert "exp(\N{MINUS SIGN}0.5)" in said
    assert by_default(with_classes(results, {"car": own})) == ""


def test_ends_that_no_study_states_are_said_to_be_assumptions(results: Results):
    said = drawn_between(results)
    assert "theta (0.5 to 2 times)" in said
    assert said.endswith("and the speed of the network are assumptions, from no source.")
    traffic = results.settings.traffic.model_copy(update={"theta_range": (0.7, 1.4)})
    settings = results.settings.model_copy(update={"traffic": traffic})
    stated = drawn_between(replace(results, settings=settings))
    assert "theta (0.7 to 1.4 times)" in stated
    assert "The ends of the exponents of masses" in stated
