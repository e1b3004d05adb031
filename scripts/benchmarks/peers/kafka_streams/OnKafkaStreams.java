import com.fasterxml.jackson.core.type.TypeReference;
import java.io.File;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The job on Kafka Streams, twice, each in one stream thread.
 *
 * <p>As its documentation has it: a processor with a state store for the ledgers, sums grouped by area and joined with
 * the newest bulletins as tables; RocksDB, changelogs, and a record cache that is put out with each commit, once a
 * second. With {@code --combine}: ledgers in memory and in no changelog, sums in the memory of the process, and a state
 * of each changed area once a second. That is quicker, but nothing survives a crash and no other process can share.
 *
 * <p>The night is gone through twice, and the second time counts: the virtual machine compiles while it runs, which
 * would be most of a short night's work and is next to nothing of a long one's.
 */
public final class OnKafkaStreams {
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final Map<String, String> given;
    private final boolean combine;
    private final long reports;
    private final Map<String, List<String>> areas;
    private final Stopwatch watch = new Stopwatch();
    private final CountDownLatch done = new CountDownLatch(1);
    private volatile Throwable failed;

    // Of all tasks, for they share one thread.
    private long read, made, summed;
    private final Map<String, Job.Event> newest = new HashMap<>();
    private final Map<String, long[]> sums = new HashMap<>();
    private final Set<String> changed = new HashSet<>();

    private OnKafkaStreams(Map<String, String> given, boolean combine, Map<String, List<String>> areas) {
        this.given = given;
        this.combine = combine;
        this.areas = areas;
        reports = Long.parseLong(given.get("--count"));
    }

    private void stopWhenAllIsDone() {
        if (read == reports && (combine || summed == made)) {
            watch.stop();
            done.countDown();
        }
    }

    /** Sends on what is added, by area. */
    private final class Documented extends Ledgers<long[]> {
        @Override
        void taken(Record<String, Job.Event> report, long[] delta) {
            watch.start();
            read++;
            if (delta != null) {
                for (String area : areas.get(report.value().table())) {
                    made++;
                    context.forward(new Record<>(area, delta, report.timestamp()));
                }
            }
            stopWhenAllIsDone();
        }
    }

    /** Adds it up, and sends the states of the areas that changed: once a second and when all is read. */
    private final class Combined extends Ledgers<Job.State> {
        @Override
        public void init(ProcessorContext<String, Job.State> context) {
            super.init(context);
            context.schedule(SECOND, PunctuationType.WALL_CLOCK_TIME, this::tell);
        }

        @Override
        void taken(Record<String, Job.Event> report, long[] delta) {
            watch.start();
            read++;
            if (delta != null) {
                for (String area : areas.get(report.value().table())) {
                    sums.merge(area, delta, Job::add);
                    changed.add(area);
                }
            }
            if (read == reports) {
                tell(report.timestamp());
            }
            stopWhenAllIsDone();
        }

        private void tell(long at) {
            for (String area : changed) {
                Job.State state = Job.state(area, new Job.Known(sums.get(area), newest.get(area)));
                context.forward(new Record<>(area, state, at));
            }
            changed.clear();
        }
    }

    private KStream<String, Job.State> documented(KStream<String, Job.Event> sheets, KStream<String, Job.Event> official) {
        KTable<String, long[]> added = sheets
                .process(Ledgers.supplier(Documented::new, Ledgers.documented()))
                .groupByKey(Grouped.with("changes", Formats.TEXT, Formats.NUMBERS))
                .aggregate(() -> new long[1 + Job.OPTIONS.length], this::addUp,
                        Materialized.with(Formats.TEXT, Formats.NUMBERS));
        KTable<String, Job.Event> announced = official
                .groupBy((key, bulletin) -> bulletin.area(), Grouped.with("bulletins", Formats.TEXT, Formats.EVENT))
                .reduce(Job::newer, Materialized.with(Formats.TEXT, Formats.EVENT));
        return added.leftJoin(announced, Job.Known::new).toStream().mapValues(Job::state);
    }

    private long[] addUp(String area, long[] delta, long[] known) {
        summed++;
        stopWhenAllIsDone();
        return Job.add(known, delta);
    }

    private KStream<String, Job.State> combined(KStream<String, Job.Event> sheets, KStream<String, Job.Event> official) {
        official.foreach((key, bulletin) -> newest.merge(bulletin.area(), bulletin, Job::newer));
        return sheets.process(Ledgers.supplier(Combined::new, Ledgers.inMemory()));
    }

    private static KStream<String, Job.Event> of(StreamsBuilder builder, String topic, String type) {
        return builder.stream(topic, Consumed.with(Formats.TEXT, Formats.EVENT))
                .filter((key, event) -> type.equals(event.type()));
    }

    /** Go through the night once, as the application of this name. */
    private Stopwatch run(String application) throws Exception {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, given.get("--broker"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, given.get("--directory"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, SECOND.toMillis());

        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Job.Event> sheets = of(builder, given.get("--reports"), "tally-report");
        KStream<String, Job.Event> official = of(builder, given.get("--bulletins"), "bulletin");
        KStream<String, Job.State> states = combine ? combined(sheets, official) : documented(sheets, official);
        states.to(given.get("--output"), Produced.with(Formats.TEXT, Formats.STATE));

        try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
            streams.setUncaughtExceptionHandler(error -> {
                failed = error;
                done.countDown();
                return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
            });
            streams.start();
            done.await();
        }
        if (failed != null) {
            throw new IllegalStateException("the night was not gone through", failed);
        }
        return watch;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> words = new ArrayList<>(Arrays.asList(arguments));
        boolean combine = words.remove("--combine");
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < words.size(); i += 2) {
            given.put(words.get(i), words.get(i + 1));
        }
        Map<String, List<String>> areas =
                Formats.JSON.readValue(new File(given.get("--areas")), new TypeReference<>() {});
        new OnKafkaStreams(given, combine, areas).run(given.get("--group") + "-warm");
        System.out.println(new OnKafkaStreams(given, combine, areas).run(given.get("--group")).told());
    }
}
