//! Values of one type as values of another, as an upgrade leaves them.

use codec::{Compact, Decode, Encode};
use inference_transaction::convert::{convert, skip, Mismatch, Reason, Surplus, Types};
use scale_info::{
	form::PortableForm, MetaType, Path, PortableRegistry, PortableType, Registry, Type,
	TypeDefTuple, TypeInfo,
};

/// A type by itself.
fn types<T: TypeInfo + 'static>() -> (Types, u32) {
	let mut registry = Registry::new();
	let id = registry.register_type(&MetaType::new::<T>()).id;
	(Types::new(PortableRegistry::from(registry)), id)
}

/// The value as one of `B`.
fn bring<A, B>(value: A, surplus: Surplus) -> Result<B, Mismatch>
where
	A: Encode + TypeInfo + 'static,
	B: Decode + TypeInfo + 'static,
{
	let ((from, a), (to, b)) = (types::<A>(), types::<B>());
	let bytes = value.encode();
	let mut rest = &bytes[..];
	skip(from.at(a), &mut rest).unwrap();
	assert!(rest.is_empty());
	let out = convert(from.at(a), to.at(b), &bytes, surplus)?;
	Ok(B::decode(&mut &out[..]).unwrap())
}

fn send<A: Encode + TypeInfo + 'static, B: Decode + TypeInfo + 'static>(
	value: A,
) -> Result<B, Reason> {
	bring(value, Surplus::Refuse).map_err(|mismatch| mismatch.reason)
}

fn read<A: Encode + TypeInfo + 'static, B: Decode + TypeInfo + 'static>(
	value: A,
) -> Result<B, Reason> {
	bring(value, Surplus::Drop).map_err(|mismatch| mismatch.reason)
}

mod before {
	use super::*;

	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub struct Id(pub u32);

	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub struct Order {
		pub model: Id,
		pub input: Vec<i64>,
		#[codec(compact)]
		pub price: u128,
	}

	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub enum Call {
		Submit { order: Order, note: String },
		Cancel { model: Id },
		Gone,
	}
}

mod after {
	use super::*;

	/// Now with a name, and wider.
	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub struct ModelId {
		pub number: u64,
	}

	/// Other order, plain price.
	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub struct Order {
		pub price: u64,
		pub input: Vec<i64>,
		pub model: ModelId,
		pub mark: (),
	}

	#[derive(Clone, PartialEq, Debug, Encode, Decode, TypeInfo)]
	pub enum Call {
		#[codec(index = 7)]
		Cancel { model: ModelId, why: u8 },
		#[codec(index = 9)]
		Submit { note: String, order: Order },
	}
}

fn order() -> before::Order {
	before::Order {
		model: before::Id(3),
		input: vec![1, -2, i64::MIN],
		price: 1 << 40,
	}
}

#[test]
fn variants_and_fields_are_found_by_name_and_numbers_by_value() {
	let call = before::Call::Submit {
		order: order(),
		note: "for Bob".into(),
	};
	let expected = after::Call::Submit {
		note: "for Bob".into(),
		order: after::Order {
			price: 1 << 40,
			input: order().input,
			model: after::ModelId { number: 3 },
			mark: (),
		},
	};
	assert_eq!(send(call), Ok(expected));
}

#[test]
fn a_call_that_means_something_else_there_is_not_sent() {
	let gone = send::<_, after::Call>(before::Call::Gone);
	assert_eq!(gone, Err(Reason::NoVariant("Gone".into())));
	let cancel = send::<_, after::Call>(before::Call::Cancel {
		model: before::Id(1),
	});
	assert_eq!(cancel, Err(Reason::Missing("why".into())));
	let reverse = send::<_, before::Call>(after::Call::Cancel {
		model: after::ModelId { number: 1 },
		why: 4,
	});
	assert_eq!(reverse, Err(Reason::Surplus("why".into())));
}

#[test]
fn a_number_that_does_not_fit_is_not_sent() {
	let too_much = before::Order {
		price: 1 << 64,
		..order()
	};
	assert!(matches!(
		send::<_, after::Order>(too_much),
		Err(Reason::OutOfRange { .. })
	));
	assert_eq!(send::<i64, i8>(-128), Ok(-128));
	assert!(send::<i64, i8>(-129).is_err());
	assert!(send::<i64, u64>(-1).is_err());
	assert_eq!(send::<u64, i128>(u64::MAX), Ok(u64::MAX.into()));
	assert_eq!(send::<u128, u128>(u128::MAX), Ok(u128::MAX));
	assert_eq!(send::<i128, i128>(i128::MIN), Ok(i128::MIN));
	assert!(send::<u128, i128>(1 << 127).is_err());
	assert_eq!(send::<u8, Compact<u64>>(200), Ok(Compact(200)));
	assert!(send::<Compact<u64>, u8>(Compact(256)).is_err());
}

#[test]
fn what_is_read_may_have_more_fields_but_not_fewer() {
	#[derive(PartialEq, Debug, Encode, Decode, TypeInfo)]
	struct Less {
		b: u8,
	}
	#[derive(PartialEq, Debug, Encode, Decode, TypeInfo)]
	struct More {
		a: Vec<u8>,
		b: u8,
		c: Option<u32>,
	}
	let more = || More {
		a: vec![1, 2],
		b: 3,
		c: Some(4),
	};
	assert_eq!(read(vec![more()]), Ok(vec![Less { b: 3 }]));
	assert!(matches!(
		send::<_, Vec<Less>>(vec![more()]),
		Err(Reason::Surplus(_))
	));
	assert!(matches!(
		read::<_, More>(Less { b: 3 }),
		Err(Reason::Missing(_))
	));
}

#[test]
fn kinds_are_not_mixed() {
	let sequence: Result<Vec<u8>, _> = send([1u8, 2]);
	assert!(matches!(sequence, Err(Reason::Kind { .. })));
	let longer: Result<[u8; 3], _> = send([1u8, 2]);
	assert!(matches!(longer, Err(Reason::Kind { .. })));
	let number: Result<u8, _> = send(true);
	assert!(matches!(number, Err(Reason::Kind { .. })));
	let text: Result<String, _> = send(vec![1u8]);
	assert!(matches!(text, Err(Reason::Kind { .. })));
	let same: Result<(u8, String), _> = send((1u8, "é".to_owned()));
	assert_eq!(same, Ok((1, "é".into())));
}

#[test]
fn a_mismatch_says_where_it_is() {
	let call = before::Call::Submit {
		order: before::Order {
			price: u128::MAX,
			..order()
		},
		note: String::new(),
	};
	let error = bring::<_, after::Call>(call, Surplus::Refuse).unwrap_err();
	assert!(
		error.to_string().starts_with("at Submit.order.price: "),
		"{error}"
	);
}

#[test]
fn types_without_bytes_cost_no_time_however_they_nest() {
	type A = ((), ());
	type B = (A, A, A, A);
	type C = [[[[B; 1_000_000]; 1_000_000]; 1_000_000]; 1_000_000];
	let ((from, a), (to, b)) = (types::<C>(), types::<()>());
	assert!(from.at(a).is_empty());
	let out = convert(from.at(a), to.at(b), &[], Surplus::Refuse);
	assert_eq!(out, Ok(vec![]));
}

#[test]
fn a_sequence_is_no_longer_than_its_bytes() {
	let ((from, a), (to, b)) = (types::<Vec<()>>(), types::<Vec<()>>());
	let bytes = Compact(u32::MAX).encode();
	let out = convert(from.at(a), to.at(b), &bytes, Surplus::Drop);
	assert_eq!(out.map_err(|m| m.reason), Err(Reason::Malformed));
}

#[test]
fn bytes_of_no_value_are_refused_and_never_panic() {
	let ((from, a), (to, b)) = (types::<before::Call>(), types::<after::Call>());
	let call = before::Call::Submit {
		order: order(),
		note: "for Bob".into(),
	};
	let bytes = call.encode();
	for len in 0..bytes.len() {
		let cut = convert(from.at(a), to.at(b), &bytes[..len], Surplus::Drop);
		assert!(cut.is_err(), "{len}");
	}
	for position in 0..bytes.len() {
		for value in 0..=u8::MAX {
			let mut changed = bytes.clone();
			changed[position] = value;
			let _ = convert(from.at(a), to.at(b), &changed, Surplus::Drop);
			let _ = skip(from.at(a), &mut &changed[..]);
		}
	}
	// Identifiers that are nowhere.
	assert!(convert(from.at(9_999), to.at(b), &bytes, Surplus::Drop).is_err());
	assert!(convert(from.at(a), to.at(9_999), &bytes, Surplus::Drop).is_err());
}

/// What a node may say: each type is a pair of the next, twice, and the last has no bytes.
#[test]
fn types_without_bytes_cost_no_time_however_deep_they_nest() {
	const LEVELS: u32 = 200;
	let parts = |id: u32| match id {
		LEVELS => vec![],
		_ => vec![(id + 1).into(), (id + 1).into()],
	};
	let types = (0..=LEVELS)
		.map(|id| PortableType {
			id,
			ty: Type::<PortableForm>::new(
				Path::default(),
				[],
				TypeDefTuple::new_portable(parts(id)),
				vec![],
			),
		})
		.collect();
	let types = Types::new(PortableRegistry { types });
	for id in 0..=LEVELS {
		assert!(types.at(id).is_empty());
		skip(types.at(id), &mut &[][..]).unwrap();
		let brought = convert(types.at(id), types.at(0), &[], Surplus::Refuse);
		assert_eq!(brought, Ok(vec![]));
	}
}

#[test]
fn a_type_that_contains_itself_has_bytes() {
	let ty = TypeDefTuple::new_portable([0.into()]);
	let ty = Type::<PortableForm>::new(Path::default(), [], ty, vec![]);
	let types = vec![PortableType { id: 0, ty }];
	let types = Types::new(PortableRegistry { types });
	assert!(!types.at(0).is_empty());
	assert!(skip(types.at(0), &mut &[1][..]).is_err());
}
