//! Settlement to the planck, and `claim`.

use super::*;
use crate::money::{split_price, PriceSplit};

fn claim(account: u64) -> sp_runtime::DispatchResult {
	Market::claim(RuntimeOrigin::signed(STRANGER), account)
		.map(|_| ())
		.map_err(|refusal| refusal.error)
}

/// A chain with a workload that was settled.
fn with_settled(order: impl FnOnce() -> Order, test: impl FnOnce(WorkloadId)) {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			let id = order().submit_and_draw();
			if workload(id).mode == Mode::Deferred {
				deliver(id);
			}
			prove(id);
			test(id);
		});
}

mod settlement {
	use super::*;

	#[test]
	fn everybody_is_credited_to_the_planck() {
		let order = || Order {
			value_at_risk: 3 * UNIT,
			..Order::default()
		};
		with_settled(order, |id| {
			// 30 compute units at the floor and a royalty of 1,000,003, less a tenth each.
			let (worker, creator) = (2_700_000_000 + 3 * UNIT / 100, 900_002);
			let treasury = 300_100_001 + verification_fee();
			assert_eq!(credit(ALICE), worker);
			assert_eq!(credit(CREATOR), creator);
			assert_eq!(credit(TREASURY), treasury + slot_fee());
			assert_event(Event::WorkloadSettled {
				workload: id,
				worker_credit: worker,
				creator_credit: creator,
				treasury_credit: treasury + slot_fee(),
			});
			let settlement = workload(id).settlement;
			assert!(settlement.is_balanced());
			assert_eq!(
				settlement.refunded,
				settlement.escrowed - price() - 3 * UNIT / 100 - slot_fee()
			);
			assert_eq!(held(HoldReason::Escrow, USER), 0);
		});
	}

	#[test]
	fn both_modes_pay_the_same() {
		let mut credits = Vec::new();
		for order in [Order::default, Order::immediate] {
			with_settled(order, |_| {
				credits.push((credit(ALICE), credit(CREATOR), credit(TREASURY)));
			});
		}
		assert_eq!(credits[0], credits[1]);
	}

	#[test]
	fn what_is_above_the_floor_price_is_the_treasurys() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				BasePrice::<Test>::put(10 * parameters().price_floor);
				let id = Order {
					max_price: 11 * price(),
					..Order::default()
				}
				.submit_and_draw();
				let paid = price_of(id).unwrap();
				assert!(paid > 8 * price());
				deliver(id);
				prove(id);
				assert_eq!(credit(ALICE), 2_700_000_000);
				assert_eq!(credit(CREATOR), 900_002);
				assert_eq!(credit(TREASURY), paid - 2_700_900_002 + slot_fee());
			});
	}

	#[test]
	fn a_creator_without_an_account_stops_nobodys_settlement() {
		with_settled(Order::default, |id| {
			assert_eq!(state(id), WorkloadState::Settled);
			assert!(!System::account_exists(&CREATOR));
		});
	}

	#[test]
	fn the_model_counts_the_settled_inference() {
		with_settled(Order::default, |_| {
			let view = <MockModels as Models<u64>>::model(MODEL).unwrap();
			assert_eq!((view.in_flight, view.settled), (0, 1));
		});
	}
}

mod split {
	use super::*;
	use proptest::prelude::*;

	fn terms(royalty: Balance, treasury_share: u16, verification_fee: Balance) -> Terms {
		let parameters = inference_primitives::ProtocolParameters {
			treasury_share,
			..inference_primitives::ProtocolParameters::production()
		};
		Terms::new(
			&parameters,
			ComputeUnits(30),
			royalty,
			0,
			0,
			Tick(0),
			ChainFees {
				order: 0,
				verification: verification_fee,
			},
		)
		.unwrap()
	}

	#[test]
	fn a_royalty_is_at_most_the_price() {
		let split = split_price(100, &terms(200, 100, 0), PriceMultiplier::ONE).unwrap();
		assert_eq!(
			split,
			PriceSplit {
				worker: 0,
				creator: 90,
				treasury: 10
			}
		);
	}

	#[test]
	fn the_verification_is_paid_before_royalty_and_work() {
		let split = split_price(1_000, &terms(900, 0, 300), PriceMultiplier::MOST).unwrap();
		assert_eq!(
			split,
			PriceSplit {
				worker: 0,
				creator: 700,
				treasury: 300
			}
		);
	}

	#[test]
	fn the_price_of_a_node_holds_what_its_operator_is_due_at_the_floor_price() {
		let terms = terms(1_000_003, 100, 7_000);
		for asked in [100, 101, 133, 999, 10_000] {
			let work = multiplier(asked).charge(30 * terms.price_floor).unwrap();
			let due = multiplier(asked).earn(30 * terms.price_floor).unwrap();
			let price = work + terms.on_top().unwrap();
			let split = split_price(price, &terms, multiplier(asked)).unwrap();
			assert_eq!(split.worker, due * 9 / 10);
			assert_eq!(split.creator, 900_002);
		}
	}

	#[test]
	fn a_share_above_the_whole_is_an_overflow() {
		assert_eq!(
			split_price(100, &terms(0, 1_001, 0), PriceMultiplier::ONE),
			None
		);
	}

	proptest! {
		#[test]
		fn the_parts_sum_to_the_price(
			price in 0..Balance::MAX / 1_000,
			royalty in 0..Balance::MAX / 1_000,
			share in 0..=1_000u16,
			fee in prop_oneof![Just(0u128), 0..10 * UNIT, 0..Balance::MAX / 1_000],
			asked in 100..=10_000u16,
		) {
			let terms = terms(royalty, share, fee);
			let split = split_price(price, &terms, multiplier(asked)).unwrap();
			prop_assert_eq!(split.worker + split.creator + split.treasury, price);
			// The operator has what its node asks of the floor price at most.
			let floor = Balance::from(terms.compute_units.0) * terms.price_floor;
			prop_assert!(split.worker <= multiplier(asked).earn(floor).unwrap());
			// Whatever the others may have, verification is paid first.
			prop_assert!(split.treasury >= fee.min(price));
		}
	}
}

mod claims {
	use super::*;

	#[test]
	fn anyone_can_have_a_credit_paid_out() {
		with_settled(Order::default, |_| {
			let (before, amount) = (free(ALICE), credit(ALICE));
			assert_ok!(claim(ALICE));
			assert_eq!(free(ALICE), before + amount);
			assert_eq!(credit(ALICE), 0);
			assert_event(Event::CreditClaimed {
				account: ALICE,
				amount,
			});
		});
	}

	#[test]
	fn accounts_without_a_key_or_a_balance_are_paid_too() {
		with_settled(Order::default, |_| {
			for account in [TREASURY, CREATOR] {
				let amount = credit(account);
				assert_ok!(claim(account));
				assert_eq!(free(account), amount);
			}
		});
	}

	#[test]
	fn all_credits_can_be_paid_and_the_pallets_account_lives_on() {
		with_settled(Order::default, |_| {
			for account in [ALICE, TREASURY, CREATOR] {
				assert_ok!(claim(account));
			}
			assert_eq!(free(Market::account_id()), EXISTENTIAL_DEPOSIT);
		});
	}

	#[test]
	fn an_account_without_a_credit_is_refused() {
		with_settled(Order::default, |_| {
			assert_noop!(claim(STRANGER), Error::<Test>::NothingToClaim);
			assert_ok!(claim(ALICE));
			assert_noop!(claim(ALICE), Error::<Test>::NothingToClaim);
		});
	}

	#[test]
	fn a_credit_below_the_existential_deposit_waits_for_a_dead_account() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				change_model(MODEL, |model| model.royalty = 555);
				let id = Order::default().submit_and_draw();
				deliver(id);
				prove(id);
				assert_eq!(credit(CREATOR), 499);
				assert_noop!(claim(CREATOR), TokenError::BelowMinimum);
				assert_eq!(credit(CREATOR), 499);
				let alive = RuntimeOrigin::signed(STRANGER);
				assert_ok!(Balances::transfer_keep_alive(
					alive,
					CREATOR,
					EXISTENTIAL_DEPOSIT
				));
				assert_ok!(claim(CREATOR));
			});
	}

	#[test]
	fn a_compensation_is_claimed_like_any_credit() {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				let id = Order::default().submit_and_draw();
				deliver(id);
				run_to_tick(Tick(workload(id).deadline.0 + 1));
				let before = free(USER);
				assert_ok!(claim(USER));
				assert_eq!(free(USER), before + price() / 2);
			});
	}
}
