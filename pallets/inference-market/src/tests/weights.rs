//! What calls weigh: a refusal keeps what it used, not what was declared.

use super::*;
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, GetDispatchInfo},
	weights::Weight,
};

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

fn refused(values: u32) -> Weight {
	<() as WeightInfo>::refused(values)
}

/// What a refused call keeps that declared this: no more, though reading the largest input is in what is measured.
fn within(values: u32, declared: Weight) -> (Option<Weight>, Pays) {
	(Some(refused(values).min(declared)), Pays::Yes)
}

/// What a refusal kept of the weight, and whether it is paid for.
#[track_caller]
fn kept(
	result: DispatchResultWithPostInfo,
	error: impl Into<DispatchError>,
) -> (Option<Weight>, Pays) {
	let DispatchErrorWithPostInfo {
		post_info,
		error: got,
	} = result.expect_err("the call is refused");
	assert_eq!(got, error.into());
	(post_info.actual_weight, post_info.pays_fee)
}

fn prove_call(by: u64, id: WorkloadId, proof: Vec<u8>) -> DispatchResultWithPostInfo {
	Market::prove(
		RuntimeOrigin::signed(by),
		id,
		None,
		proof.try_into().unwrap(),
		VERIFY_WEIGHT,
	)
}

/// What a proof declares that allows its verification so much.
fn declared(verify_limit: Weight) -> Weight {
	RuntimeCall::Market(Call::prove {
		workload: WorkloadId([9; 32]),
		output: None,
		proof: Default::default(),
		verify_limit,
	})
	.get_dispatch_info()
	.call_weight
}

#[test]
fn a_proof_declares_the_verification_that_it_allows_and_a_relayed_one_the_heaviest() {
	// Outside of any storage: of their arguments alone.
	let around = <() as WeightInfo>::relay_proof();
	assert_eq!(declared(VERIFY_WEIGHT), around + VERIFY_WEIGHT);
	for much in [MAX_VERIFY_WEIGHT, Weight::MAX] {
		assert_eq!(declared(much), around + MAX_VERIFY_WEIGHT);
	}
	let relayed = RuntimeCall::Market(Call::relay_proof {
		workload: WorkloadId([9; 32]),
		proof: Default::default(),
	})
	.get_dispatch_info();
	assert_eq!(relayed.call_weight, around + MAX_VERIFY_WEIGHT);
	assert_eq!(relayed.class, DispatchClass::Normal);
}

#[test]
fn a_proof_returns_the_verification_that_it_did_not_need() {
	let used = <() as WeightInfo>::relay_proof() + VERIFY_WEIGHT;
	with_unproven(|id| {
		let proof = proof(id, &OUTPUT).try_into().unwrap();
		let proven = Market::prove(RuntimeOrigin::signed(WORKER), id, None, proof, Weight::MAX);
		assert_eq!(proven.unwrap().actual_weight, Some(used));
	});
	with_unproven(|id| {
		let relayed = try_relay(STRANGER, id, proof(id, &OUTPUT));
		assert_eq!(relayed.unwrap().actual_weight, Some(used));
	});
}

#[test]
fn a_proof_that_allows_less_than_its_key_weighs_is_refused_before_it_is_verified() {
	with_unproven(|id| {
		let limit = VERIFY_WEIGHT - Weight::from_parts(1, 0);
		let proof = proof(id, &OUTPUT).try_into().unwrap();
		let result = Market::prove(RuntimeOrigin::signed(WORKER), id, None, proof, limit);
		assert_eq!(
			kept(result, Error::<Test>::VerifyLimitTooLow),
			(Some(refused(0)), Pays::Yes)
		);
		assert_eq!(state(id), WorkloadState::Unproven);
		// The runtime API says how much it takes.
		assert_eq!(Market::verify_weight(id), Some(VERIFY_WEIGHT));
		assert_eq!(Market::verify_weight(WorkloadId([9; 32])), None);
	});
}

#[test]
fn junk_proofs_use_only_the_weight_really_used() {
	with_unproven(|id| {
		let queued = Order::default().submit();
		let unknown = kept(
			prove_call(STRANGER, WorkloadId([9; 32]), vec![0]),
			Error::<Test>::UnknownWorkload,
		);
		assert_eq!(unknown, (Some(refused(0)), Pays::Yes));
		let wrong_state = kept(
			prove_call(STRANGER, queued, vec![0]),
			Error::<Test>::WrongState,
		);
		assert_eq!(wrong_state, (Some(refused(0)), Pays::Yes));
		let by_stranger = kept(
			prove_call(STRANGER, id, vec![0; 1_000]),
			Error::<Test>::NotAssignedWorker,
		);
		assert_eq!(by_stranger, (Some(refused(0)), Pays::Yes));
		// Far below what one of them took when each declared the largest key's weight and kept it.
		assert!(refused(0).ref_time() < <() as WeightInfo>::relay_proof().ref_time());
	});
}

#[test]
fn a_false_proof_uses_and_pays_its_verification() {
	with_unproven(|id| {
		let used = refused(OUTPUT.len() as u32) + VERIFY_WEIGHT;
		let own = kept(
			prove_call(WORKER, id, vec![7; 100]),
			DispatchError::Other(REFUSED),
		);
		assert_eq!(own, (Some(used), Pays::Yes));
		let relayed = kept(
			Market::relay_proof(
				RuntimeOrigin::signed(STRANGER),
				id,
				vec![7; 100].try_into().unwrap(),
			),
			DispatchError::Other(REFUSED),
		);
		assert_eq!(relayed, (Some(used), Pays::Yes));
	});
}

#[test]
fn a_refused_delivery_uses_only_the_weight_really_used() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = Order::default().submit_and_draw();
			let deliver_call = |by, id, output: &[i64]| {
				Market::deliver(
					RuntimeOrigin::signed(by),
					id,
					output.to_vec().try_into().unwrap(),
				)
			};
			for (by, id, output, error) in [
				(
					STRANGER,
					WorkloadId([9; 32]),
					OUTPUT.as_slice(),
					Error::<Test>::UnknownWorkload,
				),
				(
					STRANGER,
					id,
					OUTPUT.as_slice(),
					Error::<Test>::NotAssignedWorker,
				),
				(
					WORKER,
					id,
					[1, 2].as_slice(),
					Error::<Test>::WrongOutputShape,
				),
				(
					WORKER,
					id,
					[101].as_slice(),
					Error::<Test>::OutputOutOfDomain,
				),
			] {
				let values = output.len() as u32;
				assert_eq!(
					kept(deliver_call(by, id, output), error),
					within(values, <() as WeightInfo>::deliver(values))
				);
			}
		});
}

#[test]
fn who_is_assigned_never_pays_for_a_step_in_which_it_was_overtaken() {
	// Somebody copied the proof from the pool and was first.
	with_unproven(|id| {
		let copied = proof(id, &OUTPUT);
		assert_ok!(try_relay(STRANGER, id, copied.clone()));
		let own = kept(
			prove_call(WORKER, id, copied.clone()),
			Error::<Test>::WrongState,
		);
		assert_eq!(own, (Some(refused(0)), Pays::No));
		let other = kept(prove_call(STRANGER, id, copied), Error::<Test>::WrongState);
		assert_eq!(other, (Some(refused(0)), Pays::Yes));
	});
	// The deadline has passed, before and after the hook saw it.
	with_unproven(|id| {
		pass_deadline_without_hook(id);
		let late = prove_call(WORKER, id, proof(id, &OUTPUT));
		assert_eq!(
			kept(late, Error::<Test>::TooLate),
			(Some(refused(0)), Pays::No)
		);
		assert_ok!(Market::expire(RuntimeOrigin::signed(STRANGER), id));
		assert_eq!(state(id), WorkloadState::Failed);
		let late = prove_call(WORKER, id, proof(id, &OUTPUT));
		assert_eq!(
			kept(late, Error::<Test>::WrongState),
			(Some(refused(0)), Pays::No)
		);
	});
}

#[test]
fn other_refused_calls_use_only_the_weight_really_used() {
	with_unproven(|id| {
		let from = || RuntimeOrigin::signed(STRANGER);
		let unknown = WorkloadId([9; 32]);
		let least = |declared| within(0, declared);
		assert_eq!(
			kept(
				Market::expire(from(), unknown),
				Error::<Test>::UnknownWorkload
			),
			least(<() as WeightInfo>::expire())
		);
		assert_eq!(
			kept(Market::expire(from(), id), Error::<Test>::NotDue),
			least(<() as WeightInfo>::expire())
		);
		assert_eq!(
			kept(Market::cancel(from(), id), Error::<Test>::NotSubmitter),
			least(<() as WeightInfo>::cancel())
		);
		assert_eq!(
			kept(Market::prune(from(), id), Error::<Test>::WrongState),
			least(<() as WeightInfo>::prune())
		);
		assert_eq!(
			kept(
				Market::claim(from(), STRANGER),
				Error::<Test>::NothingToClaim
			),
			(
				Some(<Test as Config>::WeightInfo::refused_claim()),
				Pays::Yes
			)
		);
	});
}
