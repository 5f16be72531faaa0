// Loads one file in this fresh process, and prints its loading time and CPU time.
const file = process.argv[2];
const cpu = process.cpuUsage();
const begun = performance.now();
require(file);
const milliseconds = performance.now() - begun;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(JSON.stringify({ milliseconds, cpu: (user + system) / 1000 }));
process.exit();
