import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The job of job.py, but for what the library does for it: one ledger, one sum, one state. */
final class Job {
    static final String[] OPTIONS = {"A", "B", "C"};

    private Job() {}

    /** What comes in: a report, a bulletin or a tick. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Event(String type, String id, String table, String reporter, @JsonProperty("observed_at") long observedAt,
            String area, long sequence, Map<String, Long> votes) {}

    /** What goes out. */
    record State(String area, long tables, Map<String, Long> votes, Map<String, Long> official,
            Map<String, Double> divergence) {}

    /** Sums (tables, then votes) and the newest bulletin, if there is any. */
    record Known(long[] sums, Event bulletin) {}

    record Reading(long observedAt, String id, long[] votes) {
        boolean isNewerThan(Reading other) {
            return observedAt != other.observedAt ? observedAt > other.observedAt : id.compareTo(other.id) > 0;
        }
    }

    static final class Ledger {
        final List<String> seen = new ArrayList<>(4);
        final Map<String, Reading> newest = new HashMap<>(4);
        long[] accepted;

        /** Take a report; return what it adds to the areas above, or null: tables, then votes. */
        long[] take(Event report) {
            seen.add(report.id);
            long[] votes = new long[OPTIONS.length];
            for (int i = 0; i < votes.length; i++) {
                votes[i] = report.votes.getOrDefault(OPTIONS[i], 0L);
            }
            Reading reading = new Reading(report.observedAt, report.id, votes), known = newest.get(report.reporter);
            if (known != null && known.isNewerThan(reading)) {
                return null;
            }
            newest.put(report.reporter, reading);
            long[] before = accepted;
            accepted = agreed();
            if (Arrays.equals(accepted, before)) {
                return null;
            }
            long[] delta = new long[1 + votes.length];
            count(delta, accepted, 1);
            count(delta, before, -1);
            return delta;
        }

        /** The votes that more than half of the readers have, or null. */
        private long[] agreed() {
            for (Reading one : newest.values()) {
                long support = newest.values().stream().filter(other -> Arrays.equals(one.votes, other.votes)).count();
                if (2 * support > newest.size()) {
                    return one.votes;
                }
            }
            return null;
        }

        private static void count(long[] delta, long[] votes, int sign) {
            if (votes != null) {
                delta[0] += sign;
                for (int i = 0; i < votes.length; i++) {
                    delta[i + 1] += sign * votes[i];
                }
            }
        }
    }

    static long[] add(long[] sums, long[] delta) {
        long[] found = sums.clone();
        for (int i = 0; i < found.length; i++) {
            found[i] += delta[i];
        }
        return found;
    }

    static Event newer(Event one, Event other) {
        return other.sequence > one.sequence ? other : one;
    }

    static State state(String area, Known known) {
        Map<String, Long> votes = new LinkedHashMap<>();
        long valid = 0;
        for (int i = 0; i < OPTIONS.length; i++) {
            votes.put(OPTIONS[i], known.sums[i + 1]);
            valid += known.sums[i + 1];
        }
        if (known.bulletin == null) {
            return new State(area, known.sums[0], votes, null, null);
        }
        Map<String, Long> official = known.bulletin.votes;
        double announced = Math.max(1, official.values().stream().mapToLong(Long::longValue).sum());
        Map<String, Double> divergence = new LinkedHashMap<>();
        for (String option : OPTIONS) {
            double share = votes.get(option) / (double) Math.max(1, valid);
            divergence.put(option, official.getOrDefault(option, 0L) / announced - share);
        }
        return new State(area, known.sums[0], votes, official, divergence);
    }
}
