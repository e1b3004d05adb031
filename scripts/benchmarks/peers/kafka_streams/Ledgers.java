import java.util.Set;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/** Takes reports into a store of ledgers, by polling table. */
abstract class Ledgers<Out> implements Processor<String, Job.Event, String, Out> {
    static final String NAME = "ledgers";
    protected ProcessorContext<String, Out> context;
    private KeyValueStore<String, Job.Ledger> ledgers;

    /** What a report adds to the areas above its table; null if it changes nothing. */
    abstract void taken(Record<String, Job.Event> report, long[] delta);

    @Override
    public void init(ProcessorContext<String, Out> context) {
        this.context = context;
        ledgers = context.getStateStore(NAME);
    }

    @Override
    public void process(Record<String, Job.Event> record) {
        Job.Event report = record.value();
        Job.Ledger ledger = ledgers.get(report.table());
        if (ledger == null) {
            ledger = new Job.Ledger();
        }
        long[] delta = null;
        if (!ledger.seen.contains(report.id())) {
            delta = ledger.take(report);
            ledgers.put(report.table(), ledger);
        }
        taken(record, delta);
    }

    /** RocksDB, a changelog, and the record cache before both. */
    static StoreBuilder<?> documented() {
        return of(Stores.persistentKeyValueStore(NAME)).withCachingEnabled();
    }

    /** A map in memory. */
    static StoreBuilder<?> inMemory() {
        return of(Stores.inMemoryKeyValueStore(NAME)).withLoggingDisabled();
    }

    private static StoreBuilder<KeyValueStore<String, Job.Ledger>> of(KeyValueBytesStoreSupplier supplier) {
        return Stores.keyValueStoreBuilder(supplier, Formats.TEXT, Formats.LEDGER);
    }

    /** Processors, each with its part of the store. */
    static <Out> ProcessorSupplier<String, Job.Event, String, Out> supplier(
            ProcessorSupplier<String, Job.Event, String, Out> processors, StoreBuilder<?> store) {
        return new ProcessorSupplier<>() {
            @Override
            public Processor<String, Job.Event, String, Out> get() {
                return processors.get();
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return Set.of(store);
            }
        };
    }
}
