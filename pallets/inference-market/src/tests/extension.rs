//! The transaction extension: who may use the reserved weight.

use super::*;
use frame_support::{dispatch::GetDispatchInfo, weights::Weight};
use sp_runtime::{
	traits::{DispatchTransaction, TransactionExtension},
	transaction_validity::{TransactionSource, TransactionValidityError, ValidTransaction},
};
use TransactionSource::{External, InBlock, Local};

const WORKER: u64 = ALICE * 10;

/// A chain with one node and a deferred workload whose output it delivered.
fn with_unproven(test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			deliver(id);
			test(id);
		});
}

fn deliver_call(workload: WorkloadId) -> RuntimeCall {
	let output = OUTPUT.to_vec().try_into().unwrap();
	Call::<Test>::deliver { workload, output }.into()
}

fn prove_call(workload: WorkloadId, output: Option<&[i64]>, proof: Vec<u8>) -> RuntimeCall {
	limited_prove_call(workload, output, proof, VERIFY_WEIGHT)
}

fn limited_prove_call(
	workload: WorkloadId,
	output: Option<&[i64]>,
	proof: Vec<u8>,
	verify_limit: Weight,
) -> RuntimeCall {
	Call::<Test>::prove {
		workload,
		output: output.map(|output| output.to_vec().try_into().unwrap()),
		proof: proof.try_into().unwrap(),
		verify_limit,
	}
	.into()
}

fn relay_call(workload: WorkloadId, proof: Vec<u8>) -> RuntimeCall {
	let proof = proof.try_into().unwrap();
	Call::<Test>::relay_proof { workload, proof }.into()
}

/// What the extension says of a transaction.
fn validity(
	by: u64,
	call: &RuntimeCall,
	source: TransactionSource,
) -> Result<ValidTransaction, TransactionValidityError> {
	let origin = RuntimeOrigin::signed(by);
	CheckStep::<Test>::new()
		.validate_only(origin, call, &call.get_dispatch_info(), 0, source, 0)
		.map(|(validity, ..)| validity)
}

#[track_caller]
fn admitted(by: u64, call: &RuntimeCall) {
	for source in [External, Local, InBlock] {
		assert!(validity(by, call, source).is_ok());
	}
}

#[track_caller]
fn kept_out(by: u64, call: &RuntimeCall, reason: NotAdmitted) {
	for source in [External, Local, InBlock] {
		assert_eq!(validity(by, call, source), Err(reason.into()));
	}
}

#[track_caller]
fn dropped_by_pools_only(by: u64, call: &RuntimeCall) {
	for source in [External, Local] {
		assert_eq!(validity(by, call, source), Err(NotAdmitted::NotDue.into()));
	}
	assert!(validity(by, call, InBlock).is_ok());
}

/// Applies a transaction that a block has. Returns whether its call succeeded, and its fee.
fn apply(by: u64, call: RuntimeCall) -> (bool, Pays) {
	let info = call.get_dispatch_info();
	let result = CheckStep::<Test>::new()
		.dispatch_transaction(RuntimeOrigin::signed(by), call, &info, 0, 0)
		.expect("the block is valid");
	match result {
		Ok(post_info) => (true, post_info.pays_fee),
		Err(refusal) => (false, refusal.post_info.pays_fee),
	}
}

#[test]
fn junk_proofs_are_invalid_in_pools_and_in_blocks() {
	with_unproven(|id| {
		let queued = Order::default().submit();
		let unknown = prove_call(WorkloadId([9; 32]), None, vec![0]);
		kept_out(STRANGER, &unknown, NotAdmitted::UnknownWorkload);
		kept_out(WORKER, &unknown, NotAdmitted::UnknownWorkload);
		let wrong_state = prove_call(queued, None, vec![0]);
		kept_out(STRANGER, &wrong_state, NotAdmitted::NotDue);
		kept_out(WORKER, &wrong_state, NotAdmitted::NotDue);
		let garbage = prove_call(id, None, vec![0; 1_000]);
		kept_out(STRANGER, &garbage, NotAdmitted::NotDue);
		kept_out(ALICE, &garbage, NotAdmitted::NotDue);
	});
}

#[test]
fn a_workers_steps_are_admitted_in_their_states_and_not_otherwise() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			let proof = || proof(id, &OUTPUT);
			admitted(WORKER, &deliver_call(id));
			kept_out(STRANGER, &deliver_call(id), NotAdmitted::NotDue);
			kept_out(WORKER, &prove_call(id, None, proof()), NotAdmitted::NotDue);
			kept_out(STRANGER, &relay_call(id, proof()), NotAdmitted::NotDue);
			deliver(id);
			dropped_by_pools_only(WORKER, &deliver_call(id));
			admitted(WORKER, &prove_call(id, None, proof()));
			kept_out(
				WORKER,
				&prove_call(id, Some(&OUTPUT), proof()),
				NotAdmitted::NotDue,
			);
			admitted(STRANGER, &relay_call(id, proof()));

			let id = Order::immediate().submit_and_draw();
			kept_out(WORKER, &deliver_call(id), NotAdmitted::NotDue);
			kept_out(WORKER, &prove_call(id, None, vec![]), NotAdmitted::NotDue);
			admitted(WORKER, &prove_call(id, Some(&OUTPUT), vec![]));
			kept_out(
				STRANGER,
				&prove_call(id, Some(&OUTPUT), vec![]),
				NotAdmitted::NotDue,
			);
		});
}

#[test]
fn after_a_rotation_steps_are_the_new_keys_in_pools_and_blocks() {
	with_unproven(|id| {
		let owed = Order::default().submit_and_draw();
		let agreed = consent(11, ALICE);
		assert_ok!(NodePool::set_worker(
			RuntimeOrigin::signed(ALICE),
			NodeId(0),
			11,
			agreed
		));
		for call in [deliver_call(owed), prove_call(id, None, proof(id, &OUTPUT))] {
			kept_out(WORKER, &call, NotAdmitted::NotDue);
			admitted(11, &call);
			assert_eq!(apply(11, call), (true, Pays::No));
		}
	});
}

#[test]
fn work_is_declined_by_its_worker_and_its_operator_for_no_transaction_fee() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100), (BOB, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			let (operator, worker) = (assigned(id).operator, worker(id));
			let call: RuntimeCall = Call::<Test>::decline { workload: id }.into();
			admitted(worker, &call);
			admitted(operator, &call);
			kept_out(STRANGER, &call, NotAdmitted::NotDue);
			let tags = validity(worker, &call, External).unwrap().provides;
			assert_eq!(tags, validity(operator, &call, External).unwrap().provides);
			assert_eq!(apply(worker, call.clone()), (true, Pays::No));
			// The operator, whose worker was first, pays nothing either.
			dropped_by_pools_only(operator, &call);
			kept_out(STRANGER, &call, NotAdmitted::NotDue);
			let late = Order::default().submit_and_draw();
			let call: RuntimeCall = Call::<Test>::decline { workload: late }.into();
			run_blocks(parameters().base_latency.0 / 2 + 1);
			dropped_by_pools_only(ALICE + BOB - operator, &call);
		});
}

#[test]
fn a_copied_proof_costs_the_assigned_worker_nothing() {
	with_unproven(|id| {
		let own = prove_call(id, None, proof(id, &OUTPUT));
		admitted(WORKER, &own);
		// The copy comes first in the block, at its relayer's cost.
		let copy = relay_call(id, proof(id, &OUTPUT));
		assert_eq!(apply(STRANGER, copy.clone()), (true, Pays::Yes));
		assert!(credit(ALICE) > 0);
		// In the same block, the worker's own takes its nonce and no fee; later, pools drop it.
		assert_eq!(apply(WORKER, own.clone()), (false, Pays::No));
		dropped_by_pools_only(WORKER, &own);
		// A second copy is in no block.
		kept_out(STRANGER, &copy, NotAdmitted::NotDue);
	});
}

#[test]
fn a_late_step_of_the_assigned_worker_is_dropped_instead_of_paid_for() {
	with_unproven(|id| {
		let late = prove_call(id, None, proof(id, &OUTPUT));
		pass_deadline_without_hook(id);
		dropped_by_pools_only(WORKER, &late);
		assert_eq!(apply(WORKER, late.clone()), (false, Pays::No));
		kept_out(
			STRANGER,
			&relay_call(id, proof(id, &OUTPUT)),
			NotAdmitted::NotDue,
		);
		assert_ok!(Market::expire(RuntimeOrigin::signed(STRANGER), id));
		dropped_by_pools_only(WORKER, &late);
	});
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			pass_deadline_without_hook(id);
			dropped_by_pools_only(WORKER, &deliver_call(id));
			assert_eq!(apply(WORKER, deliver_call(id)), (false, Pays::No));
			// Once it waits for another node it is nobody's, but what comes late is no worse.
			assert_ok!(Market::expire(RuntimeOrigin::signed(STRANGER), id));
			dropped_by_pools_only(WORKER, &deliver_call(id));
			kept_out(STRANGER, &deliver_call(id), NotAdmitted::NotDue);
		});
}

#[test]
fn a_late_step_in_the_block_of_its_own_miss_is_free_and_lets_the_next_ones_pass() {
	for mode in [Mode::Deferred, Mode::Immediate] {
		let nodes = [(ALICE, 100), (BOB, 100)];
		ExtBuilder::default().nodes(&nodes).build_and_execute(|| {
			let order = Order {
				mode,
				..Order::default()
			};
			let id = order.submit_and_draw();
			let worker = super::worker(id);
			let late = match mode {
				Mode::Deferred => deliver_call(id),
				Mode::Immediate => prove_call(id, Some(&OUTPUT), proof(id, &OUTPUT)),
			};
			// In time for the block that the pool knew; the next one's hook lets the deadline pass.
			run_to_tick(workload(id).deadline);
			admitted(worker, &late);
			run_blocks(1);
			assert_eq!(state(id), WorkloadState::Queued);
			dropped_by_pools_only(worker, &late);
			assert_eq!(apply(worker, late.clone()), (false, Pays::No));
			let other = if worker == WORKER { BOB } else { ALICE } * 10;
			kept_out(other, &late, NotAdmitted::NotDue);
			// And so when the next node has it, which may do its step.
			run_to_draw();
			assert_eq!(super::worker(id), other);
			dropped_by_pools_only(worker, &late);
			assert_eq!(apply(worker, late.clone()), (false, Pays::No));
			admitted(other, &late);
		});
	}
}

#[test]
fn a_false_proof_of_the_assigned_worker_is_paid_for() {
	with_unproven(|id| {
		let garbage = prove_call(id, None, vec![0; 1_000]);
		assert_eq!(apply(WORKER, garbage), (false, Pays::Yes));
		assert_eq!(state(id), WorkloadState::Unproven);
	});
}

#[test]
fn a_proof_that_declares_less_than_its_key_weighs_is_in_no_pool_and_no_block() {
	with_unproven(|id| {
		let limited = |limit| limited_prove_call(id, None, proof(id, &OUTPUT), limit);
		let too_low = VERIFY_WEIGHT - Weight::from_parts(1, 0);
		kept_out(WORKER, &limited(too_low), NotAdmitted::VerifyLimitTooLow);
		kept_out(STRANGER, &limited(too_low), NotAdmitted::NotDue);
		for enough in [VERIFY_WEIGHT, MAX_VERIFY_WEIGHT, Weight::MAX] {
			admitted(WORKER, &limited(enough));
		}
		// Once somebody was faster it costs its worker nothing, whatever it declares.
		assert_ok!(try_relay(STRANGER, id, proof(id, &OUTPUT)));
		dropped_by_pools_only(WORKER, &limited(too_low));
		assert_eq!(apply(WORKER, limited(too_low)), (false, Pays::No));
	});
}

#[test]
fn a_pool_keeps_one_transaction_of_each_step() {
	with_unproven(|id| {
		let tags = |call: &RuntimeCall| validity(WORKER, call, External).unwrap().provides;
		let proof_tags = tags(&prove_call(id, None, vec![1]));
		assert_eq!(proof_tags, tags(&prove_call(id, None, vec![2])));
		assert_eq!(proof_tags.len(), 1);
		let other = Order::default().submit_and_draw();
		assert_ne!(proof_tags, tags(&deliver_call(other)));
		// Relayers cannot keep each other out.
		assert!(tags(&relay_call(id, vec![1])).is_empty());
	});
}

#[test]
fn steps_go_before_all_that_pays_and_a_relayed_proof_does_not() {
	with_unproven(|id| {
		let priority = |by, call: &RuntimeCall| validity(by, call, External).unwrap().priority;
		let declined = Order::default().submit_and_draw();
		let decline: RuntimeCall = Call::<Test>::decline { workload: declined }.into();
		for step in [
			prove_call(id, None, vec![]),
			deliver_call(declined),
			decline,
		] {
			assert!(priority(WORKER, &step) > AHEAD);
		}
		// Anybody may send any number of them, valid or not.
		assert_eq!(priority(STRANGER, &relay_call(id, vec![])), 0);
	});
}

#[test]
fn a_short_step_goes_before_a_long_one_that_pays_more() {
	with_unproven(|id| {
		let call = prove_call(id, None, vec![]);
		let of_bytes = |bytes| {
			let origin = RuntimeOrigin::signed(WORKER);
			let info = call.get_dispatch_info();
			let checked = CheckStep::<Test>::new()
				.validate_only(origin, &call, &info, bytes, External, 0)
				.map(|(validity, ..)| validity.priority);
			checked.unwrap()
		};
		// What a fee of 0.01 tokens adds where two thousand such transactions fit a block, five times.
		let fee = 10_000_000_000 * 2_000 * 5;
		assert!(of_bytes(300) > of_bytes(2_300) + fee);
		assert!(of_bytes(2_300) > of_bytes(16_000) + fee);
		assert!(of_bytes(usize::MAX) >= AHEAD && of_bytes(0) > of_bytes(1) - 1);
	});
}

#[test]
fn a_signer_of_one_operational_call_at_a_time_has_one_in_a_pool() {
	with_unproven(|_| {
		let call = |subkeys| -> RuntimeCall {
			let prefix = vec![];
			frame_system::Call::<Test>::kill_prefix { prefix, subkeys }.into()
		};
		let seen = |by, subkeys| validity(by, &call(subkeys), External).unwrap();
		let (first, second) = (seen(CLERK, 1), seen(CLERK, 2));
		assert_eq!(first.provides.len(), 1);
		assert_eq!(first, second);
		// None replaces another, whatever it pays.
		assert_eq!(first.priority, u64::MAX);
		assert_eq!(seen(GOVERNOR, 1), ValidTransaction::default());
	});
}

#[test]
fn other_operational_calls_are_for_the_chosen_signers_only() {
	with_unproven(|_| {
		// Such a call keeps what it declares when it fails for want of root.
		let root_call: RuntimeCall = frame_system::Call::<Test>::kill_prefix {
			prefix: vec![],
			subkeys: 1_000_000,
		}
		.into();
		assert_eq!(
			root_call.get_dispatch_info().class,
			DispatchClass::Operational
		);
		for by in [STRANGER, WORKER, ALICE] {
			kept_out(by, &root_call, NotAdmitted::NotOperational);
		}
		admitted(GOVERNOR, &root_call);
		let normal: RuntimeCall = frame_system::Call::<Test>::remark { remark: vec![] }.into();
		admitted(STRANGER, &normal);
	});
}

#[test]
fn only_steps_weigh_something() {
	with_unproven(|id| {
		let weight = |call: &RuntimeCall| CheckStep::<Test>::new().weight(call);
		for step in [
			deliver_call(id),
			prove_call(id, None, vec![]),
			relay_call(id, vec![]),
		] {
			assert_eq!(weight(&step), <() as WeightInfo>::check_step());
		}
		let other: RuntimeCall = Call::<Test>::expire { workload: id }.into();
		assert_eq!(weight(&other), Weight::zero());
	});
}

#[test]
fn nobodys_transaction_does_no_step() {
	with_unproven(|id| {
		let call = prove_call(id, None, vec![]);
		let result = CheckStep::<Test>::new().validate_only(
			RuntimeOrigin::none(),
			&call,
			&call.get_dispatch_info(),
			0,
			External,
			0,
		);
		assert!(result.is_err());
	});
}

/// No metadata has these numbers: programs find them in the document.
#[test]
fn the_document_has_the_numbers_of_what_is_not_admitted() {
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md");
	let document = std::fs::read_to_string(path).expect("it is in the repository");
	for reason in [
		NotAdmitted::UnknownWorkload,
		NotAdmitted::NotDue,
		NotAdmitted::NotOperational,
		NotAdmitted::VerifyLimitTooLow,
	] {
		let row = format!("| {} | `{reason:?}` |", reason as u8);
		assert!(document.contains(&row), "docs/PROTOCOL.md has not: {row}");
	}
}
