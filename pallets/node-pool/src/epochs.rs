//! Node epochs: when they begin, and what takes effect then.

use super::*;
use frame_support::{
	traits::{Defensive, Get},
	weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::UniqueSaturatedInto;

impl<T: Config> Pallet<T> {
	/// Begins a new epoch when the present one has had its blocks. Work is bounded by
	/// `MaxChangesPerEpoch` nodes, each in at most `MaxModelsPerNode` pools.
	pub(crate) fn maybe_start_epoch(n: BlockNumberFor<T>) -> Weight {
		let now: BlockNumber = n.unique_saturated_into();
		let length = T::Network::parameters().node_epoch;
		if now.saturating_sub(EpochStart::<T>::get()) < length {
			return T::DbWeight::get().reads(2);
		}
		let changes = Changes::<T>::take();
		let changed = u32::try_from(changes.len()).unwrap_or(u32::MAX);
		for Change::Node(id) in changes {
			Self::take_up(id);
		}
		EpochStart::<T>::put(now);
		let epoch = Epoch::<T>::mutate(|epoch| {
			*epoch = epoch.saturating_add(1);
			*epoch
		});
		Self::deposit_event(Event::EpochStarted {
			epoch,
			total_pledge: TotalPledge::<T>::get(),
		});
		// A node may leave as many pools as it joins.
		T::WeightInfo::start_epoch(changed, T::MaxModelsPerNode::get().saturating_mul(2))
	}

	/// Blocks until the next epoch begins.
	pub fn blocks_to_next_epoch(now: BlockNumber) -> u32 {
		EpochStart::<T>::get()
			.saturating_add(T::Network::parameters().node_epoch)
			.saturating_sub(now)
	}

	/// Puts a node's next capacity and next models in force.
	fn take_up(id: NodeId) {
		let Some(mut node) = Nodes::<T>::get(id) else {
			return;
		};
		let next_capacity = if node.bounds.allow(node.load(), node.next_capacity) {
			node.next_capacity
		} else {
			// A capacity falls only once what is owed fits it; until then the lower one bounds new
			// work, so this waits for the present proof deadlines at most.
			let _ = Self::announce_change(id).defensive_proof("the list was just emptied; qed");
			node.capacity
		};
		TotalPledge::<T>::mutate(|total| {
			// Saturating: the total is the sum of all capacities, the old one included; each
			// capacity is covered by a bond, so the sum stays far below the type's bound.
			total.0 = total
				.0
				.saturating_sub(node.capacity.0)
				.saturating_add(next_capacity.0);
		});
		node.capacity = next_capacity;
		for left in node
			.models
			.iter()
			.filter(|model| !node.next_models.contains(model))
		{
			Self::change_pool(*left, id, None);
		}
		let mut refused = alloc::vec::Vec::new();
		for served in node.next_models.iter() {
			if !Self::change_pool(*served, id, Some(node.capacity)) {
				refused.push(*served);
			}
		}
		for model in refused {
			node.next_models.retain(|other| *other != model);
			Self::deposit_event(Event::PoolFull { node: id, model });
		}
		node.models = node.next_models.clone();
		let operator = node.operator.clone();
		Nodes::<T>::insert(id, node);
		// The pledge never rises here: it was covered as the larger of the two capacities.
		let _ = Self::update_pledge(&operator).defensive_proof("a falling pledge is covered; qed");
	}

	/// Sets (or removes) a node's weight in a pool. False if the pool has no room.
	fn change_pool(model: ModelRef, id: NodeId, weight: Option<ComputeUnits>) -> bool {
		Pools::<T>::mutate_exists(model, |stored| {
			let pool = stored.take().unwrap_or_default();
			let mut weights = alloc::vec::Vec::with_capacity(pool.len().saturating_add(1));
			let mut before = 0u64;
			for member in pool.iter() {
				if member.node != id {
					weights.push((member.node, member.cumulative.saturating_sub(before)));
				}
				before = member.cumulative;
			}
			if let Some(weight) = weight {
				weights.push((id, weight.0));
			}
			let fits = weights.len() <= T::MaxPoolNodes::get() as usize;
			if !fits {
				weights.pop();
			}
			let mut cumulative = 0u64;
			let mut members = frame_support::BoundedVec::default();
			for (node, weight) in weights {
				cumulative = cumulative.saturating_add(weight);
				let _ = members
					.try_push(PoolMember { node, cumulative })
					.defensive_proof("at most MaxPoolNodes were kept; qed");
			}
			*stored = if members.is_empty() {
				None
			} else {
				Some(members)
			};
			fits
		})
	}
}
