//! How much memory this machine has for proving.

use std::fs;

/// Of the machine's memory, the quarter that engine processes leave to the service, the node beside it and
/// the system.
const LEFT_FREE: u64 = 4;

/// Bound of one engine process's memory if `workers` prove at the same time, bytes: three quarters of what
/// there is, in equal shares. Zero if it is not known what there is: no bound.
pub fn share(workers: u32) -> u64 {
	share_of(of_machine(), workers)
}

fn share_of(total: Option<u64>, workers: u32) -> u64 {
	let total = total.unwrap_or(0);
	(total - total / LEFT_FREE) / u64::from(workers.max(1))
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
		assert_eq!(share_of(physical(meminfo), 1), 12 << 30);
		assert_eq!(share_of(physical(meminfo), 3), 4 << 30);
		assert_eq!(share_of(None, 1), 0);
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
			assert!(share(1) > 0);
		}
	}
}
