//! Whether a validator's machine keeps up with the weights that the runtime charges.
//!
//! A validator that executes blocks more slowly than their weights say authors late, imports late and
//! misses slots, and the others wait for it. So it measures itself when it starts and says what falls
//! short; it starts all the same, since a busy minute looks like a slow machine.

use sc_sysinfo::{
	gather_hwbench, print_hwbench, HwBench, Metric, Requirement, Requirements, Throughput,
};
use std::{fs, path::Path};

/// The least that a validator's machine should do.
///
/// The SDK's weights, of which ours are made but for those of verification (docs/VERIFIER.md), were
/// measured on the reference machine of Polkadot's validators; these are its figures, as Polkadot's
/// pages for validators give them. The runtime executes on one core, so there is no figure for several.
pub fn requirements() -> Requirements {
	let least = |metric, minimum| Requirement {
		metric,
		minimum,
		validator_only: false,
	};
	Requirements(vec![
		least(Metric::Blake2256, Throughput::from_mibs(1000.0)),
		least(Metric::MemCopy, Throughput::from_gibs(11.49)),
		least(Metric::DiskSeqWrite, Throughput::from_mibs(950.0)),
		least(Metric::DiskRndWrite, Throughput::from_mibs(420.0)),
	])
}

/// Measures the machine, about a second, and logs what it does, with a warning for what is too slow.
///
/// `database`: the database's folder, on whose disk files of 64 MiB are written and removed; without
/// one no disk is measured.
pub fn warn_if_slow(database: Option<&Path>) {
	// It may not be there before the first start; if it cannot be made, the database will say why.
	let disk = database.filter(|path| fs::create_dir_all(path).is_ok());
	let measured = gather_hwbench(disk, &requirements());
	print_hwbench(&measured);
	for line in shortfalls(&measured) {
		log::warn!("{line}");
	}
}

/// A sentence for each requirement that was not met.
pub fn shortfalls(measured: &HwBench) -> Vec<String> {
	let failures = requirements()
		.check_hardware(measured, true)
		.err()
		.map(|failures| failures.0)
		.unwrap_or_default();
	failures
		.into_iter()
		.map(|failure| {
			format!(
				"🐌 This machine is slower than a validator should be: {} {} {}, at least {} expected. \
				 Blocks may be authored and imported late. If it was only busy, start again; \
				 --no-hardware-benchmarks leaves the measurement out",
				failure.metric.category(),
				failure.metric.name(),
				failure.found,
				failure.expected,
			)
		})
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn machine(hash_mibs: f64, disk_mibs: Option<f64>) -> HwBench {
		HwBench {
			cpu_hashrate_score: Throughput::from_mibs(hash_mibs),
			parallel_cpu_hashrate_score: Throughput::from_mibs(hash_mibs),
			parallel_cpu_cores: 1,
			memory_memcpy_score: Throughput::from_gibs(20.0),
			disk_sequential_write_score: disk_mibs.map(Throughput::from_mibs),
			disk_random_write_score: disk_mibs.map(Throughput::from_mibs),
		}
	}

	#[test]
	fn each_part_that_is_too_slow_should_be_named_with_both_figures() {
		assert_eq!(
			shortfalls(&machine(1200.0, Some(1000.0))),
			Vec::<String>::new()
		);
		let slow = shortfalls(&machine(500.0, Some(100.0)));
		assert_eq!(slow.len(), 3);
		assert!(slow[0].contains("BLAKE2-256") && slow[0].contains("500"));
		assert!(slow[1].contains("Seq Write") && slow[2].contains("Rnd Write"));
	}

	#[test]
	fn a_disk_that_was_not_measured_should_not_be_called_slow() {
		assert!(shortfalls(&machine(1200.0, None)).is_empty());
	}

	#[test]
	fn the_machine_should_be_measured() {
		let folder = tempfile::tempdir().unwrap();
		let measured = gather_hwbench(Some(folder.path()), &requirements());
		assert!(measured.cpu_hashrate_score.as_mibs() > 1.0);
		assert!(measured.disk_random_write_score.is_some());
		// Nothing is left on the disk.
		assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
	}
}
