//! When epochs begin.

use super::*;

#[test]
fn an_epoch_has_its_number_of_blocks() {
	build_and_execute(|| {
		run_to_block(EPOCH - 1);
		assert_eq!(Epoch::<Test>::get(), 0);
		assert_eq!(NodePool::blocks_to_next_epoch(EPOCH as u32 - 1), 1);
		run_to_block(EPOCH);
		assert_eq!(Epoch::<Test>::get(), 1);
		System::assert_last_event(
			Event::EpochStarted {
				epoch: 1,
				total_pledge: ComputeUnits::ZERO,
			}
			.into(),
		);
		assert_eq!(NodePool::blocks_to_next_epoch(EPOCH as u32), EPOCH as u32);
		run_to_block(2 * EPOCH);
		assert_eq!(Epoch::<Test>::get(), 2);
	});
}

#[test]
fn a_shorter_epoch_begins_at_once_and_a_longer_one_waits() {
	build_and_execute(|| {
		run_to_block(44);
		with_parameters(|parameters| parameters.node_epoch = 100);
		run_to_block(99);
		assert_eq!(Epoch::<Test>::get(), 0);
		with_parameters(|parameters| parameters.node_epoch = 41);
		run_to_block(100);
		assert_eq!(Epoch::<Test>::get(), 1);
		assert_eq!(EpochStart::<Test>::get(), 100);
	});
}

#[test]
fn epochs_begin_also_while_the_service_clock_stands() {
	build_and_execute(|| {
		let id = serve(ALICE, 10, 50);
		assert_ok!(NetworkParameters::set_serving(RuntimeOrigin::root(), false));
		next_epoch();
		assert_eq!(pool(model(1)), vec![id]);
	});
}

#[test]
fn nothing_changes_in_an_epoch_without_changes() {
	build_and_execute(|| {
		serve(ALICE, 10, 50);
		serve(BOB, 20, 30);
		next_epoch();
		// From the second on they are no new nodes.
		next_epoch();
		let before = (Pools::<Test>::get(model(1)), TotalPledge::<Test>::get());
		next_epoch();
		assert_eq!(
			(Pools::<Test>::get(model(1)), TotalPledge::<Test>::get()),
			before
		);
	});
}
