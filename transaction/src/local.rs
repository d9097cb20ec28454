//! Our types, as registries.

use crate::convert::{TypeRef, Types};
use scale_info::{MetaType, Registry, TypeInfo};
use std::{
	any::TypeId,
	collections::HashMap,
	sync::{Arc, Mutex, OnceLock},
};

/// A type of ours.
#[derive(Debug)]
pub(crate) struct Local {
	types: Types,
	id: u32,
}

impl Local {
	/// It.
	pub(crate) fn at(&self) -> TypeRef<'_> {
		self.types.at(self.id)
	}

	/// The types that it consists of.
	pub(crate) fn types(&self) -> &Types {
		&self.types
	}

	/// Its identifier among them.
	pub(crate) fn id(&self) -> u32 {
		self.id
	}
}

/// The type information of `T`, made once: a runtime's call has hundreds of types.
pub(crate) fn of<T: TypeInfo + 'static>() -> Arc<Local> {
	static KNOWN: OnceLock<Mutex<HashMap<TypeId, Arc<Local>>>> = OnceLock::new();
	let known = KNOWN.get_or_init(Default::default);
	// A panic elsewhere leaves no half-made entry: entries are inserted whole.
	let mut known = known
		.lock()
		.unwrap_or_else(std::sync::PoisonError::into_inner);
	known
		.entry(TypeId::of::<T>())
		.or_insert_with(|| {
			let mut registry = Registry::new();
			let id = registry.register_type(&MetaType::new::<T>()).id;
			let types = Types::new(registry.into());
			Arc::new(Local { types, id })
		})
		.clone()
}
