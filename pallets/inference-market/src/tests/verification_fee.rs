//! What a verification costs the chain is paid by whoever buys the inference.

use super::*;
use frame_support::weights::{Weight, WeightToFee};

/// A twentieth of a block: the verification of a small circuit whose key has a thousand commitments.
const HEAVY: Weight = Weight::from_parts(100_000_000_000, 0);

/// A model of one compute unit, without royalty, whose proofs are dear to verify.
fn heavy_model() {
	PresentVerifyWeight::set(HEAVY);
	change_model(MODEL, |model| {
		model.compute_units = ComputeUnits(1);
		model.royalty = 0;
	});
}

/// The price of [`heavy_model`] at the price floor, planck.
fn heavy_price() -> Balance {
	parameters().price_floor + verification_fee()
}

fn heavy_order() -> Order {
	Order {
		max_price: 2 * heavy_price(),
		..Order::default()
	}
}

#[test]
fn who_buys_proofs_of_itself_pays_the_chain_for_their_weight() {
	// User, creator and operator are one: what they pay each other is no cost. The proof's own fee comes
	// back, so what goes to the treasury is all that the weight costs.
	for mode in [Mode::Deferred, Mode::Immediate] {
		ExtBuilder::default()
			.nodes(&[(ALICE, 100)])
			.build_and_execute(|| {
				heavy_model();
				let id = Order {
					mode,
					..heavy_order()
				}
				.submit_and_draw();
				let output = match mode {
					Mode::Deferred => {
						deliver(id);
						None
					},
					Mode::Immediate => Some(OUTPUT.as_slice()),
				};
				let before = credit(TREASURY);
				let proven = try_prove(worker(id), id, output, proof(id, &OUTPUT)).unwrap();
				assert_eq!(proven.pays_fee, Pays::No);
				let weight = proven.actual_weight.unwrap();
				assert!(weight.all_gte(HEAVY));
				// All of it, the treasury's tenth of the work's price, and the queue slot.
				let (fee, share) = (verification_fee(), parameters().price_floor / 10);
				assert!(fee >= ChainRate::weight_to_fee(&weight));
				assert!(fee > 50 * parameters().price_floor);
				assert_eq!(credit(TREASURY) - before, fee + share + slot_fee());
				assert_eq!(credit(ALICE), parameters().price_floor - share);
			});
	}
}

#[test]
fn the_maximum_price_covers_the_verification() {
	ExtBuilder::default().build_and_execute(|| {
		heavy_model();
		let bid = |max_price| Order {
			max_price,
			..Order::default()
		};
		assert_eq!(Market::present_price(MODEL), Some(heavy_price()));
		for too_low in [parameters().price_floor, heavy_price() - 1] {
			assert_noop!(bid(too_low).try_submit(), Error::<Test>::BidTooLow);
		}
		let id = bid(heavy_price()).submit();
		// No more is held than for any order with this maximum price.
		let decline = heavy_price() / 10;
		assert_eq!(
			held(HoldReason::Escrow, USER),
			heavy_price() + decline + slot_fee()
		);
		assert_eq!(workload(id).terms.verification_fee, verification_fee());
	});
}

#[test]
fn the_fee_is_the_one_of_the_submission() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			heavy_model();
			let (id, price) = (heavy_order().submit(), heavy_price());
			// An upgrade that weighs verifications otherwise.
			PresentVerifyWeight::set(HEAVY.saturating_mul(3));
			run_to_draw();
			assert_eq!(price_of(id), Some(price));
			deliver(id);
			prove(id);
			let settlement = workload(id).settlement;
			assert_eq!(
				settlement.escrowed - settlement.refunded,
				price + slot_fee()
			);
			assert!(heavy_price() > price);
		});
}

#[test]
fn what_was_not_verified_is_not_paid_for() {
	ExtBuilder::default()
		.nodes(&[(ALICE, 100)])
		.build_and_execute(|| {
			heavy_model();
			// Delivered and not proven.
			let failed = heavy_order().submit_and_draw();
			deliver(failed);
			run_to_tick(Tick(workload(failed).deadline.0 + 1));
			assert_eq!(state(failed), WorkloadState::Failed);
			// Never drawn.
			let expired = Order {
				value_at_risk: FUNDS,
				..heavy_order()
			}
			.submit();
			run_to_tick(Tick(workload(expired).deadline.0 + 1));
			assert_eq!(state(expired), WorkloadState::Expired);
			for (id, kept) in [(failed, 0), (expired, slot_fee())] {
				let settlement = workload(id).settlement;
				assert_eq!(settlement.treasury, kept);
				assert_eq!(settlement.refunded, settlement.escrowed - kept);
			}
		});
}

#[test]
fn a_larger_output_costs_more_to_prove() {
	ExtBuilder::default().build_and_execute(|| {
		let fee = |values| Market::verification_fee(vk_hash_of(MODEL), values);
		assert_eq!(fee(1), verification_fee());
		// A proof that comes after a small output reads it, and weighs more than one with it.
		assert!(fee(2) >= fee(1));
		assert!(fee(4_096) > fee(2));
		assert!(fee(u32::MAX) > fee(4_096));
	});
}

#[test]
fn an_unknown_model_has_no_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Market::present_price(model(99)), None);
	});
}
