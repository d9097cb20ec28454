//! What stands before the JSON-RPC methods: host check, probes, bearer token, `GET /metrics`.
//!
//! Every path needs the token when one is configured, `/health` and `/metrics` too, but for the probes
//! `/live` and `/ready`, which tell one bit each: whether the process answers, and whether its models
//! are loaded and its stores work (200, or 503). So nothing that watches has to hold the token, which
//! can cancel jobs. With an administrator's token, which every path takes, too, the other one loads and
//! unloads no models ([`crate::rpc::AdminLayer`]): it is the worker's, who cancels what the chain does not
//! want any more, and names no folders. A service on
//! loopback answers only requests that name it as such in `Host`: a page in a browser on the same
//! machine cannot reach it by pointing a name of its own there.

use crate::{config::BearerToken, service::Service};
use jsonrpsee::{
	core::BoxError,
	server::{middleware::http::HostFilterLayer, HttpBody, HttpRequest, HttpResponse},
};
use std::{
	future::{ready, Future},
	net::SocketAddr,
	pin::Pin,
	sync::Arc,
	task::{Context, Poll},
};

/// Hosts by which a service on loopback may be named.
const LOOPBACK_HOSTS: [&str; 3] = ["localhost:*", "127.0.0.1:*", "[::1]:*"];

/// The host check for a service that listens on `address`.
pub fn host_filter(address: SocketAddr) -> Result<HostFilterLayer, String> {
	if !address.ip().is_loopback() {
		// Reached under names that it does not know; the token protects it.
		return Ok(HostFilterLayer::disable());
	}
	let own = address.to_string();
	let hosts = LOOPBACK_HOSTS.into_iter().chain([own.as_str()]);
	HostFilterLayer::new(hosts).map_err(|error| error.to_string())
}

/// What a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
	/// Everything but to load and unload models.
	Work,
	/// Everything.
	Admin,
}

/// The tokens of the service.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
	/// What every request must carry, unless it carries the other.
	pub any: Option<BearerToken>,
	/// What loading and unloading models takes, if it takes more than a request.
	pub admin: Option<BearerToken>,
}

impl Tokens {
	/// What a request with this token may do; nothing if it may not pass.
	fn scope(&self, given: Option<&[u8]>) -> Option<Scope> {
		let is = |token: &BearerToken| given.is_some_and(|given| token.matches(given));
		if self.admin.as_ref().is_some_and(is) {
			return Some(Scope::Admin);
		}
		if !self.any.as_ref().is_none_or(is) {
			return None;
		}
		match self.admin {
			Some(_) => Some(Scope::Work),
			None => Some(Scope::Admin),
		}
	}
}

/// Layer that lets only authenticated requests pass, marks them with their [`Scope`], and answers
/// `GET /metrics`.
#[derive(Clone)]
pub struct GateLayer {
	tokens: Tokens,
	service: Arc<Service>,
}

impl GateLayer {
	/// A gate that asks for `tokens`.
	pub fn new(tokens: Tokens, service: Arc<Service>) -> Self {
		Self { tokens, service }
	}

	fn scope(&self, request: &HttpRequest) -> Option<Scope> {
		let header = request.headers().get("authorization");
		let given = header
			.and_then(|value| value.as_bytes().split_first_chunk::<7>())
			.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
			.map(|(_, given)| given);
		self.tokens.scope(given)
	}
}

impl<S> tower::Layer<S> for GateLayer {
	type Service = Gate<S>;

	fn layer(&self, inner: S) -> Gate<S> {
		Gate {
			gate: self.clone(),
			inner,
		}
	}
}

/// See [`GateLayer`].
#[derive(Clone)]
pub struct Gate<S> {
	gate: GateLayer,
	inner: S,
}

impl<S> tower::Service<HttpRequest> for Gate<S>
where
	S: tower::Service<HttpRequest, Response = HttpResponse, Error = BoxError>,
	S::Future: Send + 'static,
{
	type Response = HttpResponse;
	type Error = BoxError;
	type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, BoxError>> + Send>>;

	fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
		self.inner.poll_ready(context)
	}

	fn call(&mut self, mut request: HttpRequest) -> Self::Future {
		if request.method() == "GET" {
			match request.uri().path() {
				"/live" => return Box::pin(ready(plain_text(HttpBody::from("live\n")))),
				"/ready" => return Box::pin(ready(readiness(self.gate.service.health().ready))),
				_ => {},
			}
		}
		let Some(scope) = self.gate.scope(&request) else {
			tracing::warn!(
				path = request.uri().path(),
				"request without the bearer token refused"
			);
			return Box::pin(ready(unauthorized()));
		};
		request.extensions_mut().insert(scope);
		if request.method() == "GET" && request.uri().path() == "/metrics" {
			return Box::pin(ready(plain_text(HttpBody::from(
				self.gate.service.render_metrics(),
			))));
		}
		Box::pin(self.inner.call(request))
	}
}

fn readiness(ready: bool) -> Result<HttpResponse, BoxError> {
	let mut response = plain_text(HttpBody::from(if ready {
		"ready\n"
	} else {
		"not ready\n"
	}))?;
	if !ready {
		*response.status_mut() = 503.try_into()?;
	}
	Ok(response)
}

fn unauthorized() -> Result<HttpResponse, BoxError> {
	let message =
		"Expected the header `Authorization: Bearer TOKEN` with the token of the service.\n";
	let mut response = plain_text(HttpBody::from(message))?;
	*response.status_mut() = 401.try_into()?;
	response
		.headers_mut()
		.insert("www-authenticate", "Bearer".try_into()?);
	Ok(response)
}

fn plain_text(body: HttpBody) -> Result<HttpResponse, BoxError> {
	let mut response = HttpResponse::new(body);
	response
		.headers_mut()
		.insert("content-type", "text/plain; version=0.0.4".try_into()?);
	Ok(response)
}
