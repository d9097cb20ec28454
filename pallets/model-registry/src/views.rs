//! Reads, for the runtime API and the other pallets.

use super::*;
use alloc::vec::Vec;
use inference_primitives::model::ModelView;

/// Most versions listed at a time. More than a model can have, so a page always holds a model.
const MAX_LISTED: u32 = 100;
/// Most models looked up for a page; identifiers of models that are gone count.
const MAX_LOOKUPS: u32 = 10_000;

impl<T: Config> Pallet<T> {
	/// A model version.
	pub fn view(reference: ModelRef) -> Option<ModelView<AccountIdOf<T>>> {
		Models::<T>::get(reference).map(|model| ModelView {
			reference,
			creator: model.creator,
			name: model.name.into_inner(),
			status: model.status,
			system: model.system,
			setup: model.setup,
			vk_hash: model.vk_hash,
			input: model.input,
			output: model.output,
			compute_units: model.compute_units,
			royalty: model.royalty,
			bundle_hash: model.bundle_hash,
			in_flight: model.in_flight,
			settled: model.settled,
		})
	}

	/// At most `limit` (itself at most 100) versions, from model `from` on, in order. A model that
	/// does not fit as a whole is left to the next page, from the last model listed plus one;
	/// unless it is the page's first, of which the first `limit` versions are listed.
	pub fn list(from: ModelId, limit: u32) -> Vec<ModelView<AccountIdOf<T>>> {
		let limit = limit.min(MAX_LISTED) as usize;
		let end = NextModelId::<T>::get()
			.0
			.min(from.0.saturating_add(MAX_LOOKUPS));
		let mut page = Vec::new();
		for model in (from.0..end).map(ModelId) {
			let Some(lineage) = Lineages::<T>::get(model) else {
				continue;
			};
			let room = limit.saturating_sub(page.len());
			if room == 0 || (!page.is_empty() && lineage.versions.len() > room) {
				break;
			}
			let versions = lineage.versions.iter().take(room);
			page.extend(versions.filter_map(|version| {
				Self::view(ModelRef {
					model,
					version: *version,
				})
			}));
		}
		page
	}
}
