//! The reserved weight of blocks, and the service clock when it runs out.

use super::*;
use frame_support::{
	traits::{Get, Hooks},
	weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use inference_primitives::traits::{HoldsClock, Network};

/// Adds so many milliseconds to the present block. Its limit is a second, 250 ms of it reserved, and
/// a proof takes [`HEAVIEST_PROOF`], 100 ms.
fn use_weight(class: DispatchClass, milliseconds: u64) {
	let weight = Weight::from_parts(milliseconds * WEIGHT_REF_TIME_PER_MILLIS, 0);
	System::register_extra_weight_unchecked(weight, class);
}

/// As the system does when a block begins.
fn empty_block() {
	frame_system::BlockWeight::<Test>::kill();
}

/// A block without room for a proof.
fn exhaust() {
	empty_block();
	use_weight(DispatchClass::Normal, 750);
	use_weight(DispatchClass::Operational, 200);
	assert!(!Market::has_room_for_a_proof());
}

fn with_chain(test: impl FnOnce()) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			test();
			empty_block();
		});
}

#[test]
fn the_mocks_limits_are_as_said() {
	with_chain(|| {
		let limits: frame_system::limits::BlockWeights =
			<Test as frame_system::Config>::BlockWeights::get();
		let milliseconds = |weight: Weight| weight.ref_time() / WEIGHT_REF_TIME_PER_MILLIS;
		assert_eq!(milliseconds(limits.max_block), 1_000);
		let class = limits.get(DispatchClass::Operational);
		assert_eq!(class.reserved.map(milliseconds), Some(250));
		assert_eq!(milliseconds(HEAVIEST_PROOF), 100);
	});
}

#[test]
fn what_a_block_prunes_never_makes_the_clock_stand() {
	with_chain(|| {
		let cancelled = |_| {
			let id = Order::default().submit();
			assert_ok!(Market::cancel(RuntimeOrigin::signed(USER), id));
			id
		};
		let ids: Vec<_> = (0..200).map(cancelled).collect();
		let end = workload(ids[0]).deadline;
		crate::RetainedCursor::<Test>::put(end);
		ServiceClock::<Test>::put(Tick(end.0 + 1));
		empty_block();
		use_weight(DispatchClass::Operational, 300);
		use_weight(DispatchClass::Normal, 550);
		assert!(Market::has_room_for_a_proof());
		let consumed = System::block_weight().total();
		let limits: frame_system::limits::BlockWeights =
			<Test as frame_system::Config>::BlockWeights::get();
		let used = Market::on_idle(System::block_number(), limits.max_block - consumed);
		System::register_extra_weight_unchecked(used, DispatchClass::Mandatory);
		// It pruned some, and would have had more to do.
		let left = Workloads::<Test>::iter_keys().count();
		assert!(0 < left && left < ids.len(), "{left}");
		// Another pallet's hook may come after it.
		System::register_extra_weight_unchecked(OTHER_IDLE_WORK, DispatchClass::Mandatory);
		assert!(Market::has_room_for_a_proof());
	});
}

#[test]
fn the_clock_stands_after_each_block_that_had_no_room_for_a_proof() {
	with_chain(|| {
		let at = now();
		for _ in 0..10 {
			exhaust();
			run_blocks(1);
			assert!(Market::holds_clock());
			assert!(!NetworkParameters::is_serving());
			assert_eq!(now(), at);
		}
		empty_block();
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 1));
		assert!(NetworkParameters::is_serving());
	});
}

#[test]
fn normal_and_mandatory_weight_alone_never_stop_the_clock() {
	with_chain(|| {
		let at = now();
		use_weight(DispatchClass::Normal, 750);
		use_weight(DispatchClass::Mandatory, 2_000);
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 1));
		// Nor does what is left of the reserve as long as a proof fits.
		use_weight(DispatchClass::Operational, 150);
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 2));
		use_weight(DispatchClass::Operational, 1);
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 2));
	});
}

#[test]
fn operational_weight_may_pass_the_reserve_in_a_block_that_is_not_full() {
	with_chain(|| {
		let at = now();
		use_weight(DispatchClass::Operational, 900);
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 1));
		use_weight(DispatchClass::Operational, 1);
		run_blocks(1);
		assert_eq!(now(), Tick(at.0 + 1));
	});
}

#[test]
fn who_is_kept_out_of_full_blocks_is_not_slashed() {
	with_chain(|| {
		let owed = Order::default().submit_and_draw();
		let unproven = Order::default().submit_and_draw();
		deliver(unproven);
		let queued = Order::default().submit();
		let before = (stake(ALICE), state(queued));
		for _ in 0..1_000 {
			exhaust();
			run_blocks(1);
		}
		assert_eq!((stake(ALICE), state(queued)), before);
		assert_noop!(
			Market::expire(RuntimeOrigin::signed(STRANGER), unproven)
				.map_err(|refusal| refusal.error),
			Error::<Test>::NotDue
		);
		// As soon as there is room, it can be done in time.
		empty_block();
		run_blocks(1);
		deliver(owed);
		prove(owed);
		prove(unproven);
	});
}
