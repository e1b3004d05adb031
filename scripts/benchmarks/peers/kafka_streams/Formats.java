import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** JSON in the topics of everybody, compact bytes in the stores and between the parts. */
final class Formats {
    static final ObjectMapper JSON = new ObjectMapper();
    static final Serde<String> TEXT = Serdes.String();
    static final Serde<Job.Event> EVENT = json(Job.Event.class);
    static final Serde<Job.State> STATE = json(Job.State.class);
    static final Serde<long[]> NUMBERS = compact(Formats::writeNumbers, Formats::readNumbers);
    static final Serde<Job.Ledger> LEDGER = compact(Formats::writeLedger, Formats::readLedger);

    private Formats() {}

    interface Writer<T> {
        void write(DataOutputStream out, T value) throws IOException;
    }

    interface Reader<T> {
        T read(DataInputStream in) throws IOException;
    }

    static <T> Serde<T> json(Class<T> type) {
        return Serdes.serdeFrom((topic, value) -> {
            try {
                return value == null ? null : JSON.writeValueAsBytes(value);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }, (topic, bytes) -> {
            try {
                return bytes == null ? null : JSON.readValue(bytes, type);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }

    static <T> Serde<T> compact(Writer<T> writer, Reader<T> reader) {
        return Serdes.serdeFrom((topic, value) -> {
            if (value == null) {
                return null;
            }
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(160);
            try {
                writer.write(new DataOutputStream(bytes), value);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            return bytes.toByteArray();
        }, (topic, bytes) -> {
            try {
                return bytes == null ? null : reader.read(new DataInputStream(new ByteArrayInputStream(bytes)));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }

    static void writeNumbers(DataOutputStream out, long[] numbers) throws IOException {
        out.writeByte(numbers == null ? -1 : numbers.length);
        for (int i = 0; numbers != null && i < numbers.length; i++) {
            out.writeLong(numbers[i]);
        }
    }

    static long[] readNumbers(DataInputStream in) throws IOException {
        int length = in.readByte();
        long[] numbers = length < 0 ? null : new long[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = in.readLong();
        }
        return numbers;
    }

    static void writeLedger(DataOutputStream out, Job.Ledger ledger) throws IOException {
        out.writeShort(ledger.seen.size());
        for (String id : ledger.seen) {
            out.writeUTF(id);
        }
        out.writeShort(ledger.newest.size());
        for (Map.Entry<String, Job.Reading> one : ledger.newest.entrySet()) {
            out.writeUTF(one.getKey());
            out.writeLong(one.getValue().observedAt());
            out.writeUTF(one.getValue().id());
            writeNumbers(out, one.getValue().votes());
        }
        writeNumbers(out, ledger.accepted);
    }

    static Job.Ledger readLedger(DataInputStream in) throws IOException {
        Job.Ledger ledger = new Job.Ledger();
        for (int left = in.readShort(); left > 0; left--) {
            ledger.seen.add(in.readUTF());
        }
        for (int left = in.readShort(); left > 0; left--) {
            ledger.newest.put(in.readUTF(), new Job.Reading(in.readLong(), in.readUTF(), readNumbers(in)));
        }
        ledger.accepted = readNumbers(in);
        return ledger;
    }
}
