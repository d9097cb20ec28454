//! Which nodes missed deliveries lately: what the market's circuit breaker measures.
//!
//! A node counts once within the breaker's window, with what it added to the total pledge at that time,
//! and not any more once it is deregistered: who registers it again must not count twice. The counts
//! are kept in [`SLOTS`] slots of a tenth of the window each, that are used again in turn, so what is
//! stored does not grow with the number of misses.

use super::*;
use codec::{Decode, Encode, MaxEncodedLen};
use inference_primitives::{traits::RecentMisses, Tick, Ticks};
use scale_info::TypeInfo;

/// Slots that the window is divided into.
pub const SLOTS: u32 = 10;

/// The nodes that were counted in one slot of the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MissSlot {
	/// The slot's number: its first tick divided by its length.
	pub number: u32,
	/// Nodes.
	pub nodes: u32,
	/// What they counted for in the total pledge, compute units per block.
	pub pledge: ComputeUnits,
	/// The greatest total pledge at one of their misses, compute units per block.
	pub whole: ComputeUnits,
}

/// The miss of a node that was counted last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct CountedMiss {
	/// When it was.
	pub at: Tick,
	/// The number of the slot that it was counted in.
	pub slot: u32,
	/// What the node counted for, compute units per block.
	pub pledge: ComputeUnits,
}

/// Length of a slot, at least a tick.
fn slot_length(window: Ticks) -> u32 {
	(window.0 / SLOTS).max(1)
}

/// Whether a slot still counts at `now`.
fn counts(slot: &MissSlot, now: Tick, window: Ticks) -> bool {
	let current = now.0 / slot_length(window);
	slot.nodes > 0 && slot.number <= current && current.saturating_sub(slot.number) < SLOTS
}

impl<T: Config> Pallet<T> {
	/// Counts a node that missed a delivery, unless it was counted within the window. To be called
	/// before the miss can suspend it.
	pub(crate) fn count_miss(id: NodeId) {
		let Some(node) = Nodes::<T>::get(id) else {
			return;
		};
		let now = T::Network::now();
		let window = T::Network::parameters().breaker_window;
		// Counted as long as the slot counts that it is in: never twice.
		let length = slot_length(window);
		let number = now.0 / length;
		let counted = LastMisses::<T>::get(id)
			.is_some_and(|last| number.saturating_sub(last.at.0 / length) < SLOTS);
		if counted {
			return;
		}
		let pledge = node.counted.units;
		LastMisses::<T>::insert(
			id,
			CountedMiss {
				at: now,
				slot: number,
				pledge,
			},
		);
		MissSlots::<T>::mutate(|slots| {
			let Some(slot) = slots.get_mut((number % SLOTS) as usize) else {
				return;
			};
			if slot.number != number {
				*slot = MissSlot {
					number,
					..Default::default()
				};
			}
			// Saturating: bounded by the number of nodes and by the total pledge.
			slot.nodes = slot.nodes.saturating_add(1);
			slot.pledge.0 = slot.pledge.0.saturating_add(pledge.0);
			slot.whole = slot.whole.max(TotalPledge::<T>::get());
		});
	}

	/// Takes a node that is deregistered out of the counts.
	pub(crate) fn forget_miss(id: NodeId) {
		let Some(miss) = LastMisses::<T>::take(id) else {
			return;
		};
		MissSlots::<T>::mutate(|slots| {
			let found = slots.iter_mut().find(|slot| slot.number == miss.slot);
			// A slot that was used again counts it no more.
			if let Some(slot) = found {
				// Saturating: it was counted there.
				slot.nodes = slot.nodes.saturating_sub(1);
				slot.pledge.0 = slot.pledge.0.saturating_sub(miss.pledge.0);
			}
		});
	}

	/// The nodes counted within the window.
	pub(crate) fn misses_within_window() -> RecentMisses {
		let now = T::Network::now();
		let window = T::Network::parameters().breaker_window;
		MissSlots::<T>::get()
			.iter()
			.filter(|slot| counts(slot, now, window))
			.fold(RecentMisses::default(), |sum, slot| RecentMisses {
				// Saturating: bounded by the number of nodes and by the total pledge.
				nodes: sum.nodes.saturating_add(slot.nodes),
				pledge: ComputeUnits(sum.pledge.0.saturating_add(slot.pledge.0)),
				whole: sum.whole.max(slot.whole),
			})
	}
}
