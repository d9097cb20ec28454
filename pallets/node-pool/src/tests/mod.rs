//! Tests of the pallet, a file per subject.

mod capacity;
mod draw;
mod epochs;
mod freedom;
mod limits;
mod misses;
mod models;
mod properties;
mod registration;
mod snapshots;
mod standing;
mod workers;

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use inference_primitives::{parameters::UNIT, Mode, ProtocolParameters, Ticks};
use pallet_worker_staking::Error as StakingError;
use sp_runtime::DispatchError;

/// Changes the parameters in force.
fn with_parameters(change: impl FnOnce(&mut ProtocolParameters)) {
	pallet_network_parameters::Parameters::<Test>::mutate(change);
}

fn pool(model: ModelRef) -> Vec<NodeId> {
	Pools::<Test>::get(model)
		.iter()
		.map(|member| member.node)
		.collect()
}
