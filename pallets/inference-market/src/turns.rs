//! Whose turn it is: the models that have a queue, in a ring. A model enters it with its queue's first
//! workload, behind all others, and leaves it with the last; both touch two neighbours, however many there
//! are. A block goes on where the last one ended.

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Defensive, DefensiveOption, Get},
};
use sp_runtime::DispatchError;

/// Models that one block asks for work at most, so that what it costs to ask is bounded, however many have a
/// queue. The others' turns come in the next blocks.
pub(crate) const TURNS_PER_BLOCK: u32 = 1_024;

impl<T: Config> Pallet<T> {
	/// How many models a block asks, at most: all that there may be, or as many as a block may.
	pub(crate) fn max_turns() -> u32 {
		T::MaxServedModels::get().min(TURNS_PER_BLOCK)
	}

	/// Lets a model whose queue begins have its turn, behind all others.
	pub(crate) fn enter_turns(model: ModelRef) -> DispatchResult {
		ServedModels::<T>::try_mutate(|stored| {
			let Some(served) = stored else {
				*stored = Some(Served {
					next: model,
					models: 1,
				});
				Turns::<T>::insert(
					model,
					Turn {
						before: model,
						after: model,
					},
				);
				return Ok(());
			};
			ensure!(
				served.models < T::MaxServedModels::get(),
				Error::<T>::TooManyServedModels
			);
			// Saturating: the bound was checked.
			served.models = served.models.saturating_add(1);
			let after = served.next;
			// Who is next is in the ring.
			let before = Turns::<T>::get(after)
				.defensive_ok_or(DispatchError::Corruption)?
				.before;
			Self::change_turn(before, |turn| turn.after = model);
			Self::change_turn(after, |turn| turn.before = model);
			Turns::<T>::insert(model, Turn { before, after });
			Ok(())
		})
	}

	/// Takes a model whose queue ended out of the ring.
	pub(crate) fn leave_turns(model: ModelRef) {
		let Some(turn) = Turns::<T>::take(model).defensive_proof("it had a queue; qed") else {
			return;
		};
		ServedModels::<T>::mutate_exists(|stored| {
			let Some(mut served) = stored.take() else {
				return;
			};
			// Saturating: it was counted when it came.
			served.models = served.models.saturating_sub(1);
			if served.models == 0 {
				return;
			}
			Self::change_turn(turn.before, |other| other.after = turn.after);
			Self::change_turn(turn.after, |other| other.before = turn.before);
			if served.next == model {
				served.next = turn.after;
			}
			*stored = Some(served);
		});
	}

	fn change_turn(model: ModelRef, change: impl FnOnce(&mut Turn)) {
		Turns::<T>::mutate(model, |stored| {
			if let Some(turn) = stored
				.as_mut()
				.defensive_proof("a neighbour is in the ring; qed")
			{
				change(turn);
			}
		});
	}
}
