//! Tests of the pallet, a file per subject.

mod capacity;
mod draw;
mod draws;
mod epochs;
mod freedom;
mod limits;
mod misses;
mod models;
mod multipliers;
mod properties;
mod registration;
mod snapshots;
mod standing;
mod workers;

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use inference_primitives::{
	node::Limits,
	parameters::UNIT,
	price::{Bid, StakeTerms},
	Balance, Mode, PriceMultiplier, ProtocolParameters, Ticks,
};
use pallet_worker_staking::Error as StakingError;
use sp_runtime::DispatchError;

/// Changes the parameters in force.
fn with_parameters(change: impl FnOnce(&mut ProtocolParameters)) {
	pallet_network_parameters::Parameters::<Test>::mutate(change);
}

/// What is stored of so many hundredths, in range or not.
fn multiplier(hundredths: u16) -> PriceMultiplier {
	use codec::{Decode, Encode};
	PriceMultiplier::decode(&mut &hundredths.encode()[..]).expect("any number decodes")
}

/// Limits that keep nothing out.
const OPEN: Limits = Limits {
	max_value_at_risk: Balance::MAX,
	max_proof_stake: Balance::MAX,
	min_work_price: 0,
	multiplier: PriceMultiplier::ONE,
};

fn set_limits(
	operator: AccountId,
	id: NodeId,
	limits: impl Into<Option<Limits>>,
) -> sp_runtime::DispatchResult {
	NodePool::set_limits(RuntimeOrigin::signed(operator), id, model(1), limits.into())
}

/// The weight of the first node in a model's pool, in compute units per block at a multiplier of one.
fn first_weight(model: ModelRef) -> u64 {
	Pools::<Test>::get(model)
		.first()
		.map_or(0, |member| member.cumulative / 100)
}

fn pool(model: ModelRef) -> Vec<NodeId> {
	Pools::<Test>::get(model)
		.iter()
		.map(|member| member.node)
		.collect()
}
