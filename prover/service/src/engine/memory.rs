//! How much memory this machine has for proving.

use std::fs;

/// Bound of one engine process's memory if `workers` prove at the same time, bytes; zero: no bound. One alone has
/// none: what it takes is the system's to give, which ends it before the service. Several get equal shares, and one
/// share is left for the service and for the process that compares a bundle with its keys: as long as these two fit
/// in it, and no other program needs more than is left, none is ended for another's memory.
pub fn share(workers: u32) -> u64 {
	match workers {
		0 | 1 => 0,
		workers => part(workers),
	}
}

/// Memory of one of `workers` engine processes for models, bytes: half of one part, with or without a bound. Zero if it is not known what
/// there is: no bound.
pub fn of_models(workers: u32) -> u64 {
	part(workers) / 2
}

/// One of as many equal parts of the machine's memory as there are workers, and one more.
fn part(workers: u32) -> u64 {
	of_machine().unwrap_or(0) / u64::from(workers.max(1)).saturating_add(1)
}

/// The machine's memory, or what this process's control groups leave of it, bytes.
fn of_machine() -> Option<u64> {
	let read = |path: &str| fs::read_to_string(path).ok();
	let physical = read("/proc/meminfo").and_then(|text| physical(&text));
	let groups = read("/proc/self/cgroup").unwrap_or_default();
	let limits = limit_files(&groups);
	let limits = limits
		.iter()
		.filter_map(|path| read(path)?.trim().parse().ok());
	limits.chain(physical).min()
}

/// Bytes that `/proc/meminfo` says there are.
fn physical(meminfo: &str) -> Option<u64> {
	let line = meminfo
		.lines()
		.find_map(|line| line.strip_prefix("MemTotal:"))?;
	let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
	kib.checked_mul(1024)
}

/// Files with the limits of the groups that `/proc/self/cgroup` names, and of those around them.
fn limit_files(groups: &str) -> Vec<String> {
	let mut files = Vec::new();
	for line in groups.lines() {
		let mut parts = line.splitn(3, ':').skip(1);
		let (root, file) = match parts.next() {
			Some("") => ("/sys/fs/cgroup", "memory.max"),
			Some("memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
			_ => continue,
		};
		let mut group = parts.next().unwrap_or_default().trim_end_matches('/');
		loop {
			files.push(format!("{root}{group}/{file}"));
			match group.rsplit_once('/') {
				Some((around, _)) => group = around,
				None => break,
			}
		}
	}
	files
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn memory_should_be_read_from_what_the_system_says_and_shared_by_the_workers() {
		let meminfo = "MemFree:  1 kB\nMemTotal:       16777216 kB\n";
		assert_eq!(physical(meminfo), Some(16 << 30));
		assert_eq!(
			limit_files("5:cpu,cpuacct:/\n4:memory:/a\n0::/b/c\n"),
			[
				"/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
				"/sys/fs/cgroup/memory/memory.limit_in_bytes",
				"/sys/fs/cgroup/b/c/memory.max",
				"/sys/fs/cgroup/b/memory.max",
				"/sys/fs/cgroup/memory.max",
			]
		);
		if cfg!(target_os = "linux") {
			let total = of_machine().unwrap();
			assert_eq!([1, 2, 4].map(share), [0, total / 3, total / 5]);
			assert_eq!([1, 2].map(of_models), [total / 2 / 2, total / 3 / 2]);
			for workers in 2..=64 {
				// And one for the rest.
				assert!(share(workers) * u64::from(workers + 1) <= total);
			}
		}
	}
}
