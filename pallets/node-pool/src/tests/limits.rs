//! `set_limits`: what operators let one workload ask.

use super::*;
use inference_primitives::traits::DrawRequest;

/// A workload of one compute unit that asks for this.
fn asking(value_at_risk: Balance, proof_stake: Balance) -> DrawRequest<'static, AccountId> {
	DrawRequest {
		bid: Bid {
			stake: StakeTerms {
				value_at_risk,
				..locking(proof_stake - value_at_risk).stake
			},
			..locking(0)
		},
		..request(0, 1)
	}
}

mod success {
	use super::*;

	#[test]
	fn a_node_is_drawn_for_what_keeps_its_limits_only() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let limits = Limits {
				max_value_at_risk: 5 * UNIT,
				max_proof_stake: 8 * UNIT,
				..OPEN
			};
			assert_ok!(set_limits(ALICE, id, limits));
			System::assert_last_event(
				Event::LimitsChanging {
					node: id,
					model: model(1),
					limits: Some(limits),
				}
				.into(),
			);
			next_epoch();
			assert_eq!(NodePool::view(id).unwrap().limits, vec![(model(1), limits)]);
			assert!(draw(&asking(5 * UNIT + 1, 7 * UNIT)).is_none());
			assert!(draw(&asking(0, 8 * UNIT + 1)).is_none());
			assert!(draw(&asking(5 * UNIT, 8 * UNIT)).is_some());
		});
	}

	#[test]
	fn others_take_what_one_does_not() {
		build_and_execute(|| {
			let careful = serve(ALICE, 10, 50);
			let bold = serve(BOB, 20, 50);
			let none_at_risk = Limits {
				max_value_at_risk: 0,
				..OPEN
			};
			assert_ok!(set_limits(ALICE, careful, none_at_risk));
			next_epoch();
			let mut drawn = Vec::new();
			for seed in 0..20 {
				let request = DrawRequest {
					seed: [seed; 32],
					..asking(UNIT, UNIT)
				};
				drawn.push(draw(&request).unwrap().node);
			}
			assert!(drawn.iter().all(|node| *node == bold));
			assert!((0..20).any(|seed| draw(&request(seed, 1)).unwrap().node == careful));
		});
	}

	#[test]
	fn limits_change_with_the_next_epoch_so_that_they_dodge_no_single_draw() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let closed = Limits {
				max_value_at_risk: 0,
				..OPEN
			};
			next_epoch();
			assert_ok!(set_limits(ALICE, id, closed));
			assert!(draw(&asking(UNIT, UNIT)).is_some());
			next_epoch();
			assert!(draw(&asking(UNIT, UNIT)).is_none());
			assert_ok!(set_limits(ALICE, id, None));
			assert!(draw(&asking(UNIT, UNIT)).is_none());
			next_epoch();
			assert!(draw(&asking(UNIT, UNIT)).is_some());
		});
	}

	#[test]
	fn a_node_that_wants_more_than_the_present_price_is_in_no_snapshot() {
		build_and_execute(|| {
			let dear = serve(ALICE, 10, 950);
			let other = serve(BOB, 20, 50);
			let price = BasePrice::get();
			let limits = Limits {
				min_work_price: 2 * price,
				..OPEN
			};
			assert_ok!(set_limits(ALICE, dear, limits));
			next_epoch();
			assert_eq!(pool(model(1)), vec![other]);
			assert_eq!(TotalPledge::<Test>::get(), ComputeUnits(50));
			BasePrice::set(2 * price);
			next_epoch();
			assert_eq!(pool(model(1)), vec![dear, other]);
			// It is not drawn for an order whose first draw was at the price before.
			for seed in 0..20 {
				let old = DrawRequest {
					bid: Bid {
						work: price,
						..locking(UNIT)
					},
					..request(seed, 1)
				};
				assert!(draw(&old).is_none_or(|assignment| assignment.node == other));
			}
		});
	}

	#[test]
	fn a_least_price_is_compared_with_the_price_that_the_node_itself_asks() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let limits = Limits {
				min_work_price: 2 * BasePrice::get(),
				multiplier: multiplier(199),
				..OPEN
			};
			assert_ok!(set_limits(ALICE, id, limits));
			next_epoch();
			assert_eq!(pool(model(1)), vec![]);
			let limits = Limits {
				multiplier: multiplier(200),
				..limits
			};
			assert_ok!(set_limits(ALICE, id, limits));
			next_epoch();
			assert_eq!(pool(model(1)), vec![id]);
		});
	}

	#[test]
	fn a_node_that_locks_less_than_the_present_price_asks_is_in_no_snapshot() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			let stake = BasePrice::get() * 3 / 2;
			for (max_proof_stake, expected) in [(stake - 1, vec![]), (stake, vec![id])] {
				let limits = Limits {
					max_proof_stake,
					..OPEN
				};
				assert_ok!(set_limits(ALICE, id, limits));
				next_epoch();
				assert_eq!(pool(model(1)), expected);
			}
		});
	}

	#[test]
	fn leaving_a_model_forgets_its_limits() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			assert_ok!(set_limits(ALICE, id, OPEN));
			let origin = RuntimeOrigin::signed(ALICE);
			assert_ok!(NodePool::leave_model(origin, id, model(1)));
			assert!(node(id).limits.is_empty());
		});
	}
}

mod failure {
	use super::*;

	#[test]
	fn a_multiplier_below_one_or_above_a_hundred_is_refused() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			for hundredths in [0, 1, 99, 10_001, u16::MAX] {
				let limits = Limits {
					multiplier: multiplier(hundredths),
					..OPEN
				};
				assert_noop!(
					set_limits(ALICE, id, limits),
					Error::<Test>::MultiplierOutOfRange
				);
			}
			for hundredths in [100, 10_000] {
				let limits = Limits {
					multiplier: multiplier(hundredths),
					..OPEN
				};
				assert_ok!(set_limits(ALICE, id, limits));
			}
		});
	}

	#[test]
	fn only_its_operator_limits_a_node_and_only_for_models_that_it_joined() {
		build_and_execute(|| {
			let id = serve(ALICE, 10, 50);
			for other in [BOB, 10] {
				assert_noop!(set_limits(other, id, OPEN), Error::<Test>::NotOperator);
			}
			assert_noop!(
				set_limits(ALICE, NodeId(7), OPEN),
				Error::<Test>::UnknownNode
			);
			let origin = RuntimeOrigin::signed(ALICE);
			assert_noop!(
				NodePool::set_limits(origin, id, model(2), Some(OPEN)),
				Error::<Test>::NotJoined
			);
		});
	}
}
