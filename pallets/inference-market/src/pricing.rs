//! The base price follows use: once per node epoch, in proportion, and bounded. The epoch's length is
//! counted in ticks of the service clock: while that stands nothing is drawn and little can settle, and
//! that says nothing of demand.
//!
//! Use is what was paid: compute units of workloads settled in the epoch, each once, so that neither
//! redraws nor work that was never delivered count. It is measured against half of what the nodes
//! can serve with the stake that they have, so that nodes that can lock nothing do not count.
//!
//! A node's own multiplier stands on top of the base price and moves it neither way: use is counted in
//! compute units, not in money.

use super::*;
use crate::queue::CROWDED_QUEUE_PART;
use frame_support::{traits::Get, weights::WeightToFee};
use inference_primitives::{model::ModelView, PriceMultiplier, VkHash};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// The greatest step per epoch is the price divided by this: at no use, or at full use.
const STEP_DIVISOR: u128 = 8;

impl<T: Config> Pallet<T> {
	/// The base price in force, planck per compute unit.
	pub fn base_price() -> Balance {
		let parameters = T::Network::parameters();
		BasePrice::<T>::get().clamp(parameters.price_floor, parameters.price_ceiling)
	}

	/// The work of an inference now, planck, on a node that asks the base price. `None` on overflow.
	pub(crate) fn work(compute_units: ComputeUnits) -> Option<Balance> {
		Balance::from(compute_units.0).checked_mul(Self::base_price())
	}

	/// Price of an inference by this model now, planck, at the going multiple of its pool, or at that of a
	/// crowded one if many wait; at the base price if it has no pool. `None` on overflow.
	pub(crate) fn going_price(
		model: &ModelView<AccountIdOf<T>>,
		verification_fee: Balance,
	) -> Option<Balance> {
		T::NodePool::offer(model.reference)
			.map_or(PriceMultiplier::ONE, |offer| {
				let most = T::MaxQueuedPerModel::get() / CROWDED_QUEUE_PART;
				let is_crowded = Queues::<T>::get(model.reference).length >= most;
				if is_crowded {
					offer.crowded
				} else {
					offer.going
				}
			})
			.charge(Self::work(model.compute_units)?)?
			.checked_add(model.royalty)?
			.checked_add(verification_fee)
	}

	/// What verifying a proof under this key costs the chain, planck: the fee, at the chain's rate,
	/// for the weight of the call that proves an output of so many values. Its worker gets that
	/// call's fee back, so the workload's price pays it.
	pub fn verification_fee(vk_hash: VkHash, output_values: u32) -> Balance {
		// With the output or after it, whichever weighs more.
		let weight = T::WeightInfo::prove(output_values)
			.max(T::WeightInfo::relay_proof())
			.saturating_add(T::ProofVerifier::verify_weight(vk_hash));
		T::WeightToFee::weight_to_fee(&weight)
	}

	/// The verification fee of an inference by this model, planck.
	pub(crate) fn verification_fee_of(model: &ModelView<AccountIdOf<T>>) -> Balance {
		// Saturating: specifications have at most 2,048 values.
		let values = u32::try_from(model.output.len()).unwrap_or(u32::MAX);
		Self::verification_fee(model.vk_hash, values)
	}

	/// What an inference by this model costs now, planck, where nodes with a sixteenth of its pool's weight
	/// serve, or a half while many wait: the least maximum price that an order may have. Who bids no
	/// more is served by these only. At the base price if nobody serves the model in this epoch. `None`
	/// if there is no such model.
	pub fn present_price(model: ModelRef) -> Option<Balance> {
		let model = T::Models::model(model)?;
		Self::going_price(&model, Self::verification_fee_of(&model))
	}

	/// Counts a settled workload as use: its compute units, whatever its node asked for them.
	pub(crate) fn count_use(compute_units: ComputeUnits) {
		// Saturating: an epoch's work is bounded by the nodes' capacities.
		PaidUnits::<T>::mutate(|units| units.0 = units.0.saturating_add(compute_units.0));
	}

	/// Steps the base price when as many ticks as an epoch has blocks have passed since the last step.
	pub(crate) fn step_base_price() {
		let now = T::Network::now();
		let parameters = T::Network::parameters();
		let length = now.since(PriceStepped::<T>::get()).0;
		if length < parameters.node_epoch {
			return;
		}
		PriceStepped::<T>::put(now);
		let paid = PaidUnits::<T>::take().0.into();
		// Below 2^96.
		let target = u128::from(T::NodePool::total_pledge().0).saturating_mul(length.into()) / 2;
		let price = next_base_price(Self::base_price(), paid, target);
		BasePrice::<T>::put(price.clamp(parameters.price_floor, parameters.price_ceiling));
	}
}

/// The next base price: moved by (paid - target) / target of an eighth, an eighth at most, rounded
/// down but by one planck at least; unchanged at the target, and where nobody can serve.
pub(crate) fn next_base_price(price: Balance, paid: u128, target: u128) -> Balance {
	let difference = paid.abs_diff(target).min(target);
	if difference == 0 {
		return price;
	}
	let step = multiply_by_rational_with_rounding(
		price,
		difference,
		target.saturating_mul(STEP_DIVISOR),
		Rounding::Down,
	)
	.unwrap_or(0)
	.max(1);
	// Saturating: the caller clamps to the parameters' range.
	if paid > target {
		price.saturating_add(step)
	} else {
		price.saturating_sub(step)
	}
}
