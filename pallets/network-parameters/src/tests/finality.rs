//! The clock and finality: blocks with authors that report, lie, or say nothing.

use super::*;
use crate::finality::WINDOW;
use frame_support::{
	inherent::{InherentData, ProvideInherent},
	pallet_prelude::ConstU32,
};
use proptest::prelude::*;

/// L_f of the tests' chain.
const LAG: u64 = 8;

/// Makes the next block: `author` says that `finalised` is final, if it says anything.
fn block(author: u64, finalised: Option<u64>) {
	let next = System::block_number() + 1;
	System::set_block_number(next);
	NetworkParameters::on_initialize(next);
	Author::set(Some(author));
	if let Some(finalised) = finalised {
		assert_ok!(NetworkParameters::report_finality(
			RuntimeOrigin::none(),
			finalised as u32
		));
	}
	NetworkParameters::on_finalize(next);
	NetworkParameters::do_try_state().unwrap();
}

/// Makes `count` blocks of `authors` in turn. Finality stalls at `stalled_at` or lags two blocks.
/// Each author says what it sees, but for the liars, who say what `lie` makes of the block's number.
fn blocks(
	count: u64,
	authors: u64,
	stalled_at: Option<u64>,
	liars: u64,
	lie: fn(u64) -> Option<u64>,
) {
	for _ in 0..count {
		let next = System::block_number() + 1;
		let author = next % authors;
		let seen = stalled_at.unwrap_or(next.saturating_sub(2)).min(next);
		block(
			author,
			if author < liars {
				lie(next)
			} else {
				Some(seen)
			},
		);
	}
}

fn honest(_: u64) -> Option<u64> {
	unreachable!("nobody lies")
}

fn now() -> u32 {
	NetworkParameters::now().0
}

#[test]
fn the_clock_runs_while_finality_lags_no_more_than_allowed() {
	build_and_execute(|| {
		blocks(100, 3, None, 0, honest);
		assert_eq!(now(), 100);
		assert_eq!(NetworkParameters::finality_lag(), 2);
		for _ in 0..100 {
			let next = System::block_number() + 1;
			block(next % 3, Some(next - LAG));
		}
		assert_eq!(now(), 200);
	});
}

#[test]
fn the_clock_stands_while_finality_stalls_and_goes_on_after_it() {
	build_and_execute(|| {
		blocks(100, 3, None, 0, honest);
		let stalled = System::block_number();
		blocks(500, 3, Some(stalled), 0, honest);
		let stood_at = now();
		// Two of three authors have reported a lag beyond L_f after ten blocks.
		assert_eq!(stood_at, 110);
		System::assert_has_event(Event::ClockHeld { at: Tick(stood_at) }.into());
		// Finality is back: the clock stands for a window more, and then goes on.
		blocks(1 + u64::from(WINDOW), 3, None, 0, honest);
		assert_eq!(now(), stood_at);
		blocks(50, 3, None, 0, honest);
		assert_eq!(now(), stood_at + 50);
		System::assert_has_event(Event::ClockReleased { at: Tick(stood_at) }.into());
	});
}

#[test]
fn the_clock_stands_before_what_was_assigned_last_can_be_due() {
	for authors in 1..40 {
		build_and_execute(|| {
			blocks(100, authors, None, 0, honest);
			let (stalled, before) = (System::block_number(), now());
			blocks(100, authors, Some(stalled), 0, honest);
			let ticked = now() - before;
			assert!(
				ticked < ProtocolParameters::development().base_latency.0,
				"{authors} authors: {ticked} ticks without finality"
			);
		});
	}
}

#[test]
fn one_author_of_three_that_lies_changes_nothing() {
	let lies: [fn(u64) -> Option<u64>; 4] =
		[|_| None, |_| Some(0), Some, |_| Some(u64::from(u32::MAX))];
	for lie in lies {
		build_and_execute(|| {
			blocks(100, 3, None, 1, lie);
			assert_eq!(now(), 100, "a liar alone stops nothing");
			let stalled = System::block_number();
			blocks(300, 3, Some(stalled), 1, lie);
			let stood_at = now();
			assert!(stood_at <= 100 + 19);
			blocks(300, 3, Some(stalled), 1, lie);
			assert_eq!(now(), stood_at, "a liar alone starts nothing");
			blocks(300, 3, None, 1, lie);
			assert!(now() > stood_at + 280);
		});
	}
}

#[test]
fn authors_that_are_gone_do_not_vouch_for_finality() {
	build_and_execute(|| {
		// Ten validators, of which six fall silent at once: finality stalls, four go on.
		blocks(100, 10, None, 0, honest);
		let stalled = System::block_number();
		blocks(200, 4, Some(stalled), 0, honest);
		assert!(u64::from(now()) - stalled < 20);
	});
}

#[test]
fn who_reports_nothing_counts_as_seeing_no_lag() {
	build_and_execute(|| {
		(0..100).for_each(|n| block(n % 3, None));
		assert_eq!(now(), 100);
		assert_eq!(NetworkParameters::finality_lag(), 0);
	});
}

#[test]
fn a_chain_without_known_authors_ticks() {
	build_and_execute(|| {
		Author::set(None);
		run_blocks(50);
		assert_eq!(now(), 50);
		assert!(FinalityReports::<Test>::get().is_empty());
	});
}

#[test]
fn a_report_above_the_parent_counts_as_the_parent() {
	build_and_execute(|| {
		System::set_block_number(9);
		block(1, Some(1_000));
		assert_eq!(
			FinalityReports::<Test>::get()[0],
			crate::finality::Report {
				author: 1,
				block: 10,
				lag: 1
			}
		);
	});
}

#[test]
fn a_block_has_one_report() {
	build_and_execute(|| {
		System::set_block_number(10);
		let report = |at| NetworkParameters::report_finality(RuntimeOrigin::none(), at);
		assert_ok!(report(7));
		assert_noop!(report(8), Error::<Test>::AlreadyReported);
		NetworkParameters::on_finalize(10);
		assert!(!Reported::<Test>::exists());
	});
}

#[test]
fn only_the_author_of_a_block_reports() {
	build_and_execute(|| {
		for origin in [RuntimeOrigin::signed(1), RuntimeOrigin::root()] {
			assert_noop!(
				NetworkParameters::report_finality(origin, 1),
				DispatchError::BadOrigin
			);
		}
	});
}

#[test]
fn the_inherent_is_what_the_node_knows_and_nothing_without_it() {
	build_and_execute(|| {
		let mut data = InherentData::new();
		assert_eq!(NetworkParameters::create_inherent(&data), None);
		data.put_data(inference_primitives::FINALITY_INHERENT_IDENTIFIER, &7u32)
			.unwrap();
		let call = NetworkParameters::create_inherent(&data).unwrap();
		assert_eq!(call, Call::report_finality { finalised: 7 });
		assert!(NetworkParameters::is_inherent(&call));
	});
}

#[test]
fn an_importer_whose_finality_lags_refuses_no_block() {
	build_and_execute(|| {
		let mut data = InherentData::new();
		data.put_data(inference_primitives::FINALITY_INHERENT_IDENTIFIER, &0u32)
			.unwrap();
		for finalised in [0, 1_000, u32::MAX] {
			let call = Call::report_finality { finalised };
			assert!(NetworkParameters::check_inherent(&call, &data).is_ok());
			assert!(NetworkParameters::check_inherent(&call, &InherentData::new()).is_ok());
		}
		assert!(matches!(
			NetworkParameters::is_inherent_required(&data),
			Ok(None)
		));
	});
}

#[test]
fn a_malformed_report_in_the_inherent_data_is_no_report() {
	build_and_execute(|| {
		let mut data = InherentData::new();
		data.put_data(inference_primitives::FINALITY_INHERENT_IDENTIFIER, &7u8)
			.unwrap();
		assert_eq!(NetworkParameters::create_inherent(&data), None);
	});
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

	/// Four of nine authors lie as they like, and each author has a turn in every nine blocks.
	#[test]
	fn fewer_liars_than_half_neither_stop_the_clock_nor_keep_it_going(
		order in Just((0..9u64).collect::<Vec<_>>()).prop_shuffle(),
		lies in prop::collection::vec(prop::option::of(0..600u64), 300),
		stalls in any::<bool>(),
	) {
		new_test_ext().execute_with(|| {
			let stalled_at = 100;
			for (index, lie) in lies.into_iter().enumerate() {
				let next = index as u64 + 1;
				let author = order[index % order.len()];
				let seen = next.saturating_sub(2).min(if stalls { stalled_at } else { u64::MAX });
				block(author, if author < 4 { lie } else { Some(seen) });
				prop_assert!(FinalityReports::<Test>::get().len() <= WINDOW as usize);
			}
			if stalls {
				prop_assert!(u64::from(now()) < stalled_at + 20, "ticked to {}", now());
			} else {
				prop_assert_eq!(now(), 300);
			}
			Ok(())
		})?;
	}
}

#[test]
fn the_window_is_the_bound_of_the_reports() {
	let bounded = frame_support::BoundedVec::<u8, ConstU32<WINDOW>>::bound();
	assert_eq!(bounded, WINDOW as usize);
	assert_eq!(WINDOW % 2, 1);
}
