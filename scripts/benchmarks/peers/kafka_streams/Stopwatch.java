import java.lang.management.ManagementFactory;

/** From the first report to the end of the last, wall time and processor time of all threads, in nanoseconds. */
final class Stopwatch {
    private final com.sun.management.OperatingSystemMXBean system =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long began, cpuBegan, wall, cpu;

    void start() {
        if (began == 0) {
            began = System.nanoTime();
            cpuBegan = system.getProcessCpuTime();
        }
    }

    void stop() {
        wall = System.nanoTime() - began;
        cpu = system.getProcessCpuTime() - cpuBegan;
    }

    String told() {
        return "{\"seconds\": " + wall / 1e9 + ", \"cpu\": " + cpu / 1e9 + "}";
    }
}
