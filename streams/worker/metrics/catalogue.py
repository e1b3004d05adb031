"""Every metric of a worker: its name, kind, labels and meaning. docs/metrics.md shows the same table."""

from typing import Final, Literal, NamedTuple

AREA: Final = ("area", "area_name", "level")
FIGURE: Final = (*AREA, "option", "option_name")

Kind = Literal["gauge", "counter", "histogram"]


class Metric(NamedTuple):
    """One metric. Its unit is a base unit and part of its name. A ratio is a number from 0 to 1."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


METRICS: Final = (
    # One series for each area, down to the level that the election file sets; only from the comparison's owner.
    Metric("cotejo_area_tables", "gauge", AREA, "Polling tables that exist"),
    Metric("cotejo_witnessed_tables", "gauge", AREA, "Polling tables with an accepted sheet"),
    Metric("cotejo_coverage_ratio", "gauge", AREA, "Witnessed tables over the tables that exist"),
    Metric("cotejo_sheets", "gauge", (*AREA, "verdict"), "Tally sheets by what their reports amount to"),
    Metric("cotejo_witnessed_valid_votes", "gauge", AREA, "Valid votes on the accepted sheets"),
    Metric("cotejo_witnessed_null_votes", "gauge", AREA, "Null votes on the accepted sheets"),
    Metric("cotejo_witnessed_votes", "gauge", FIGURE, "Votes on the accepted sheets"),
    Metric("cotejo_official_valid_votes", "gauge", AREA, "Valid votes of the current bulletin"),
    Metric("cotejo_official_votes", "gauge", FIGURE, "Votes that the current bulletin announces"),
    Metric("cotejo_official_share_ratio", "gauge", FIGURE, "The bulletin's votes over its valid votes"),
    Metric("cotejo_witnessed_share_ratio", "gauge", FIGURE, "The witnessed votes over the valid votes witnessed"),
    Metric("cotejo_divergence_ratio", "gauge", FIGURE, "Official share less the witnessed one, -1 to 1; calls nobody"),
    Metric(
        "cotejo_divergence_gap_ratio",
        "gauge",
        FIGURE,
        "Official share less the nearest one that an honest count can announce, whatever its order; 0 where it can",
    ),
    Metric(
        "cotejo_required_deviation_ratio",
        "gauge",
        FIGURE,
        "Least deviation of tables nobody witnessed from their neighbours that closes the gap; none where none does",
    ),
    Metric("cotejo_floor_votes", "gauge", FIGURE, "The least votes that the witnessed sheets allow"),
    Metric("cotejo_ceiling_votes", "gauge", FIGURE, "The most votes that the witnessed sheets allow"),
    Metric("cotejo_breakdown_sheets", "gauge", FIGURE, "Witnessed sheets that must be wrong for both to be true"),
    Metric("cotejo_tolerated_sheets", "gauge", AREA, "Sheets that must be wrong before anybody is called"),
    Metric("cotejo_compared_tables", "gauge", AREA, "Polling tables with an official figure and an accepted sheet"),
    Metric("cotejo_differing_tables", "gauge", AREA, "Those of them where a figure differs"),
    Metric("cotejo_bounded_tables", "gauge", AREA, "Polling tables with bounds, on ballots seen or heads counted"),
    Metric("cotejo_below_floor_tables", "gauge", AREA, "Those announced with fewer votes than were seen there"),
    Metric("cotejo_above_ceiling_tables", "gauge", AREA, "Those announced with more than ballots can have been cast"),
    Metric("cotejo_lead_votes", "gauge", AREA, "Witnessed votes by which the first option is ahead of the second"),
    Metric("cotejo_official_lead_votes", "gauge", AREA, "The same of the tables that are announced one by one"),
    Metric("cotejo_open_sheets", "gauge", (*AREA, "kind"), "Sheets that do not count yet, by kind and together"),
    Metric("cotejo_open_votes", "gauge", (*AREA, "kind"), "The most votes that they can hold"),
    Metric(
        "cotejo_lead_change_sheets",
        "gauge",
        (*AREA, "kind"),
        "The least number of them that could take the lead away; none where all together cannot",
    ),
    Metric("cotejo_sample_tables", "gauge", AREA, "Polling tables drawn at random before the night"),
    Metric("cotejo_sample_clusters", "gauge", AREA, "Clusters in which they were drawn; 0 if one by one"),
    Metric("cotejo_sample_witnessed_tables", "gauge", AREA, "Those of them with an accepted sheet"),
    Metric(
        "cotejo_sample_missing_tables",
        "gauge",
        (*AREA, "stratum", "stratum_name"),
        "Those of them without one, by stratum",
    ),
    Metric("cotejo_sample_share_ratio", "gauge", FIGURE, "Share of the valid votes by the sampled sheets that are in"),
    Metric(
        "cotejo_sample_low_ratio",
        "gauge",
        (*FIGURE, "interval"),
        "Lower end of its 95 % interval: usual, guaranteed, or outer, whatever missing sheets hold",
    ),
    Metric("cotejo_sample_high_ratio", "gauge", (*FIGURE, "interval"), "Upper end of that interval"),
    Metric(
        "cotejo_sample_lead_ratio",
        "gauge",
        (*FIGURE, "end"),
        "Lead of this option over the next by the sample: estimate, and low and high end of the guaranteed interval",
    ),
    Metric("cotejo_bulletin_age_seconds", "gauge", AREA, "Event time since the current bulletin was issued"),
    Metric(
        "cotejo_alert_firing",
        "gauge",
        (*FIGURE, "rule", "severity", "muted"),
        "1 while an alert fires; muted where an area above speaks for this one",
    ),
    # Of the whole election; only from the comparison's owner.
    Metric("cotejo_alerts", "gauge", ("severity", "status"), "Alerts of every area by state"),
    Metric("cotejo_threshold_ratio", "gauge", ("rule", "limit"), "Limits of the election file, points as ratios"),
    Metric("cotejo_threshold_seconds", "gauge", ("rule", "limit"), "Limits of the election file that are times"),
    Metric(
        "cotejo_election_info",
        "gauge",
        ("election", "election_name", "notice", "area"),
        "1; what is watched, and the area that is the whole",
    ),
    Metric("cotejo_clock_seconds", "gauge", (), "Event time up to which all is judged and called, Unix time"),
    Metric("cotejo_event_time_lag_seconds", "gauge", ("clock",), "Wall clock less the event time that is judged"),
    Metric("cotejo_states_waiting", "gauge", (), "Areas whose newest state is not on the board yet"),
    # Of each worker.
    Metric("cotejo_worker_clock_seconds", "gauge", (), "The worker's own clock, Unix time"),
    Metric(
        "cotejo_clock_set_back_total", "counter", (), "Times that event time lay ahead and was set back to the clock"
    ),
    Metric("cotejo_ticks_ahead_total", "counter", (), "Ticks ahead of the worker's own clock, which move no time"),
    Metric("cotejo_owns_comparison", "gauge", (), "1 where this worker compares, else 0"),
    Metric("cotejo_partitions", "gauge", (), "Partitions of tally-reports"),
    Metric("cotejo_owned_partitions", "gauge", (), "Those of them that this worker has"),
    Metric("cotejo_events_total", "counter", ("kind",), "Events read, notices written, events turned away"),
    Metric("cotejo_rejected_total", "counter", ("topic", "code"), "Events turned away, by reason"),
    Metric("cotejo_unreadable_total", "counter", ("topic",), "Stored records that could not be read, set aside"),
    Metric(
        "cotejo_lost_messages_total",
        "counter",
        ("topic", "partition"),
        "Messages that the broker had deleted before they were read",
    ),
    Metric("cotejo_consumer_lag_messages", "gauge", ("topic", "partition"), "Messages that are not done with"),
    Metric("cotejo_processing_seconds", "histogram", ("step",), "How long flushes and judgements took"),
    Metric("cotejo_deliveries_total", "counter", ("receiver", "outcome"), "Webhooks by what came of them"),
    Metric("cotejo_deliveries_pending", "gauge", (), "Webhooks that are due and not delivered"),
    Metric("cotejo_receiver_due", "gauge", ("receiver",), "Those of them that a receiver is to have"),
    Metric("cotejo_receiver_failing", "gauge", ("receiver",), "1 while the last attempt at a receiver has failed"),
    Metric("cotejo_receiver_disabled", "gauge", ("receiver",), "1 once a receiver wants no more (410)"),
    Metric("cotejo_build_info", "gauge", ("version", "python", "faust"), "1; what runs"),
)
"""The metrics. None of them grows with the number of polling tables or reporters."""
