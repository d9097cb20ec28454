//! How proof systems, setups and keys end: with notice, or at once.

use super::*;
use frame_support::{ensure, pallet_prelude::DispatchResult};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_end_of_life(
		subject: Subject,
		end_of_life: Option<Tick>,
	) -> DispatchResult {
		Self::ensure_known(subject)?;
		if let Some(end) = end_of_life {
			let notice = T::Network::parameters().unbonding;
			ensure!(
				end >= T::Network::now().after(notice),
				Error::<T>::NoticeTooShort
			);
		}
		match subject {
			Subject::System(system) => Systems::<T>::mutate(system, |stored| {
				if let Some(record) = stored {
					record.end_of_life = end_of_life;
				}
			}),
			Subject::Setup(_) | Subject::Key(_) => EndsOfLife::<T>::set(subject, end_of_life),
		}
		Self::deposit_event(Event::EndOfLifeSet {
			subject,
			end_of_life,
		});
		Ok(())
	}

	pub(crate) fn do_disable(subject: Subject) -> DispatchResult {
		Self::ensure_known(subject)?;
		ensure!(
			!Disabled::<T>::contains_key(subject),
			Error::<T>::AlreadyDisabled
		);
		Disabled::<T>::insert(subject, T::Network::now());
		Self::deposit_event(Event::SubjectDisabled { subject });
		Ok(())
	}

	/// A mistyped identifier must not look like a pulled brake.
	fn ensure_known(subject: Subject) -> Result<(), Error<T>> {
		match subject {
			Subject::System(system) => {
				ensure!(
					Systems::<T>::contains_key(system),
					Error::<T>::UnknownSystem
				)
			},
			Subject::Setup(setup) => {
				ensure!(
					Setups::<T>::contains_key(setup),
					Error::<T>::SetupNotApproved
				)
			},
			Subject::Key(vk_hash) => {
				ensure!(Keys::<T>::contains_key(vk_hash), Error::<T>::UnknownKey)
			},
		}
		Ok(())
	}

	/// Refuses what is disabled or has ended.
	fn ensure_subject_in_service(subject: Subject) -> Result<(), Error<T>> {
		ensure!(!Disabled::<T>::contains_key(subject), Error::<T>::Disabled);
		let ended = Self::end_of(subject).is_some_and(|end| T::Network::now() >= end);
		ensure!(
			!ended,
			match subject {
				Subject::System(_) => Error::<T>::SystemEnded,
				Subject::Setup(_) => Error::<T>::SetupEnded,
				Subject::Key(_) => Error::<T>::KeyEnded,
			}
		);
		Ok(())
	}

	/// Refuses a proof system or a setup that is unknown, disabled or has ended.
	pub(crate) fn ensure_registrable(system: ProofSystem, setup: SetupId) -> Result<(), Error<T>> {
		Self::ensure_known(Subject::System(system))?;
		Self::ensure_subject_in_service(Subject::System(system))?;
		Self::ensure_subject_in_service(Subject::Setup(setup))
	}

	/// Refuses a key that is disabled or has ended, itself or with its proof system or setup.
	pub(crate) fn ensure_in_service(
		vk_hash: VkHash,
		system: ProofSystem,
		setup: SetupId,
	) -> Result<(), Error<T>> {
		Self::ensure_registrable(system, setup)?;
		Self::ensure_subject_in_service(Subject::Key(vk_hash))
	}

	/// When a proof system, a setup or a key ends, by itself.
	fn end_of(subject: Subject) -> Option<Tick> {
		match subject {
			Subject::System(system) => Systems::<T>::get(system)?.end_of_life,
			Subject::Setup(_) | Subject::Key(_) => EndsOfLife::<T>::get(subject),
		}
	}

	/// Everything whose end is a key's end.
	fn subjects_of(vk_hash: VkHash) -> Option<[Subject; 3]> {
		let key = Keys::<T>::get(vk_hash)?;
		Some([
			Subject::System(key.system),
			Subject::Setup(key.setup),
			Subject::Key(vk_hash),
		])
	}

	/// When proofs under a key stop being accepted: the earliest end of life of its proof system,
	/// its setup and itself. `None` while there is none, or if the key is unknown.
	pub fn end_of_life(vk_hash: VkHash) -> Option<Tick> {
		Self::subjects_of(vk_hash)?
			.into_iter()
			.filter_map(Self::end_of)
			.min()
	}

	/// Whether a key is disabled, itself or with its proof system or setup.
	pub fn is_disabled(vk_hash: VkHash) -> bool {
		Self::subjects_of(vk_hash)
			.is_some_and(|subjects| subjects.into_iter().any(Disabled::<T>::contains_key))
	}
}
