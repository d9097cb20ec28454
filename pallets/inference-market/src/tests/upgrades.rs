//! Upgrades of the runtime while workloads are in flight.

use super::*;
use inference_primitives::StatementVersion;

/// Settles a workload from wherever it stands.
fn finish(id: WorkloadId) {
	if workload(id).mode == Mode::Deferred && workload(id).delivered_at.is_none() {
		deliver(id);
	}
	prove(id);
	assert_eq!(state(id), WorkloadState::Settled);
}

#[test]
fn workloads_submitted_under_one_statement_version_settle_under_every_later_runtime() {
	let [old, new] = StatementVersion::ALL.map(StatementVersion::number);
	ExtBuilder::default()
		.nodes(&[(ALICE, 1_000)])
		.build_and_execute(|| {
			SubmittedVersion::set(old);
			let queued = Order::default().submit();
			let assigned = Order::immediate().submit_and_draw();
			let delivered = Order::default().submit_and_draw();
			deliver(delivered);

			// The upgrade.
			SubmittedVersion::set(new);
			let later = Order::default().submit_and_draw();
			for id in [queued, assigned, delivered] {
				assert_eq!(workload(id).statement.version, old);
			}
			assert_eq!(workload(later).statement.version, new);
			for id in [queued, assigned, delivered, later] {
				finish(id);
			}
		});
}
