//! The life of versions: their status, their removal, and the workloads that use them.

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::hold::Mutate as _, tokens::Precision, Defensive},
};
use inference_primitives::model::ModelView;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_change_status(
		creator: AccountIdOf<T>,
		reference: ModelRef,
		status: ModelStatus,
	) -> DispatchResult {
		let mut model = Self::model_of(&creator, reference)?;
		let forward = match status {
			ModelStatus::Draft => false,
			ModelStatus::Active => model.status == ModelStatus::Draft,
			ModelStatus::Deprecated => model.status == ModelStatus::Active,
			ModelStatus::Retired => model.status != ModelStatus::Retired,
		};
		ensure!(forward, Error::<T>::WrongStatus);
		model.status = status;
		Models::<T>::insert(reference, model);
		Self::deposit_event(Event::StatusChanged {
			model: reference,
			status,
		});
		Ok(())
	}

	pub(crate) fn do_remove(creator: AccountIdOf<T>, reference: ModelRef) -> DispatchResult {
		let model = Self::model_of(&creator, reference)?;
		ensure!(
			model.status == ModelStatus::Retired,
			Error::<T>::WrongStatus
		);
		ensure!(model.in_flight == 0, Error::<T>::ModelInUse);
		T::ProofVerifier::release_key(model.vk_hash)?;
		T::Currency::release(
			&HoldReason::ModelDeposit.into(),
			&creator,
			model.deposit,
			Precision::Exact,
		)?;
		Models::<T>::remove(reference);
		Lineages::<T>::mutate_exists(reference.model, |stored| {
			if let Some(lineage) = stored
				.as_mut()
				.defensive_proof("a version has a lineage; qed")
			{
				lineage
					.versions
					.retain(|version| *version != reference.version);
				if lineage.versions.is_empty() {
					*stored = None;
				}
			}
		});
		Self::deposit_event(Event::ModelRemoved { model: reference });
		Ok(())
	}

	/// A version that `creator` may change.
	fn model_of(
		creator: &AccountIdOf<T>,
		reference: ModelRef,
	) -> Result<Model<AccountIdOf<T>>, Error<T>> {
		let model = Models::<T>::get(reference).ok_or(Error::<T>::UnknownModel)?;
		ensure!(model.creator == *creator, Error::<T>::NotCreator);
		Ok(model)
	}
}

impl<T: Config> inference_primitives::traits::Models<AccountIdOf<T>> for Pallet<T> {
	fn model(model: ModelRef) -> Option<ModelView<AccountIdOf<T>>> {
		Self::view(model)
	}

	fn start_workload(reference: ModelRef) -> DispatchResult {
		Models::<T>::try_mutate(reference, |stored| {
			let model = stored.as_mut().ok_or(Error::<T>::UnknownModel)?;
			match model.status {
				ModelStatus::Active | ModelStatus::Deprecated => {},
				ModelStatus::Draft => return Err(Error::<T>::ModelDraft.into()),
				ModelStatus::Retired => return Err(Error::<T>::ModelNotForSale.into()),
			}
			model.in_flight = model.in_flight.checked_add(1).ok_or(Error::<T>::Overflow)?;
			Ok(())
		})
	}

	fn end_workload(reference: ModelRef, settled: bool) {
		Models::<T>::mutate(reference, |stored| {
			let Some(model) = stored
				.as_mut()
				.defensive_proof("a version in use stays; qed")
			else {
				return;
			};
			model.in_flight = model
				.in_flight
				.checked_sub(1)
				.defensive_proof("each workload ends once; qed")
				.unwrap_or(0);
			if settled {
				// Saturating: a count of inferences cannot reach 2^64.
				model.settled = model.settled.saturating_add(1);
			}
		});
	}
}
