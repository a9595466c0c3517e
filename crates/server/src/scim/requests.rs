//! From a request to what it asks: who asks, whether the answer can be taken, what the path leads to.

use crate::http::authentication::{Caller, Stranger};
use crate::http::body::{MediaTypes, read_json_of};
use crate::http::conditional::{EntityTag, TagCondition, is_known};
use crate::http::problem::Problem;
use crate::http::shell::{Asking, Trace};
use crate::scim::address::{Address, Kind, Target};
use crate::scim::app::ScimApp;
use crate::scim::error::{SCIM_JSON, ScimError, ScimResult};
use crate::scim::group::tag_of_group;
use crate::scim::types::resource_type;
use crate::scim::user_json::Sight;
use crate::scim::writes::{
    Asked, Manner, Write, Written, carry_out, find_group, find_user, shown_group, shown_user, whole_user,
};
use crate::scim::{bulk, discovery, documented, list};
use axum::body::Body;
use axum::response::Response;
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LOCATION};
use hyper::{Method, Request, StatusCode, Uri};
use serde_json::Value;
use std::sync::Arc;
use tenure_directory::settings::ScimProfile;
use tenure_directory::team::Team;
use tenure_directory::text::repeated;
use tenure_directory::token::TokenKind;
use tenure_directory::{Actor, Company, Timestamp};
use tenure_scim::SearchRequest;

/// What bodies may be.
const TYPES: MediaTypes = &["application/scim+json", "application/json"];
/// A group with more members than this is shown where making its answer holds up nobody else.
const MANY_MEMBERS: usize = 1000;

/// A request of somebody who may ask.
pub(crate) struct Ask<'a> {
    pub(crate) app: &'a ScimApp,
    pub(crate) caller: &'a Caller,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) uri: &'a Uri,
    /// The URL of the face, in the form of the path.
    pub(crate) base: String,
}

/// Answers a request, whatever it asks.
pub(crate) async fn answer(app: ScimApp, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let address = Address::parse(parts.uri.path())
        .expect("whoever calls this has asked whether the path is of this face");
    if let Some(trace) = parts.extensions.get::<Trace>() {
        // A request is routed once; a second note would say the same.
        let _ = trace.0.set(address.route().into());
    }
    if parts.method == Method::OPTIONS {
        return empty(StatusCode::NO_CONTENT, Some((ALLOW, allowed(&address.target))));
    }
    let asking = parts.extensions.get::<Asking>().cloned().expect("the shell puts it into every request");
    let answered = async {
        let caller = caller(&app, asking, &address)?;
        check_accept(&parts.headers)?;
        let base = address.base(&app.public_url);
        let ask = Ask { app: &app, caller: &caller, headers: &parts.headers, uri: &parts.uri, base };
        ask.carry_out(&parts.method, address.target, body).await
    };
    answered.await.unwrap_or_else(ScimError::into_response)
}

fn allowed(target: &Target) -> HeaderValue {
    HeaderValue::from_str(&target.methods().join(", ")).expect("the names of methods fit a header")
}

/// Who asks, if they may ask this here. The four ways not to may be told apart by machines.
fn caller(app: &ScimApp, asking: Asking, address: &Address) -> ScimResult<Caller> {
    let caller = asking.map_err(Stranger::problem)?;
    if caller.token.kind != TokenKind::Scim {
        let message = "this is a token for REST; SCIM needs a SCIM token: tenure token create --kind scim";
        return Err(Problem::forbidden("token.wrong-kind", message).into());
    }
    if let Some(slug) = &address.slug {
        let registry = app.engine.registry();
        let named = registry.find(slug).ok().map(|entry| entry.id);
        if named != Some(caller.company.id) {
            let message = "the URL and the token belong to different companies; take both from the same one";
            return Err(Problem::forbidden("token.wrong-company", message).into());
        }
    }
    Ok(caller)
}

/// Whether the caller takes what every answer is (RFC 9110, section 12.5.1).
fn check_accept(headers: &HeaderMap) -> ScimResult<()> {
    let values: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let takes = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_refused = parts.any(|part| {
            part.split_once('=').is_some_and(|(name, q)| {
                name.trim().eq_ignore_ascii_case("q") && q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0)
            })
        });
        !is_refused
            && (matches!(media.as_str(), "*/*" | "application/*" | "*") || TYPES.contains(&media.as_str()))
    };
    if values.is_empty() || values.iter().flat_map(|value| value.split(',')).any(takes) {
        return Ok(());
    }
    let detail = "every answer is application/scim+json, which the header Accept does not take";
    Err(ScimError::new(StatusCode::NOT_ACCEPTABLE, "request.not_acceptable", detail))
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, SCIM_JSON);
    response
}

fn empty(status: StatusCode, header: Option<(hyper::header::HeaderName, HeaderValue)>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend(header);
    response
}

fn not_modified(tag: &EntityTag) -> Response {
    empty(StatusCode::NOT_MODIFIED, Some((ETAG, tag.header())))
}

/// A resource, with where it is and which state of it this is.
fn resource(status: StatusCode, body: Vec<u8>, location: &str, tag: Option<EntityTag>) -> Response {
    let mut response = json(status, body);
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(location).ok().map(|url| (LOCATION, url)));
    headers.extend(tag.map(|tag| (ETAG, tag.header())));
    response
}

impl Ask<'_> {
    fn company(&self) -> &Arc<Company> {
        &self.caller.company
    }

    async fn carry_out(&self, method: &Method, target: Target, body: Body) -> ScimResult<Response> {
        if self.company().settings.scim_profile == ScimProfile::Documented {
            documented::check(&target)?;
        }
        match (target, method.as_str()) {
            (Target::Nowhere, _) => Err(self.nowhere()),
            (Target::Me, _) => Err(ScimError::new(
                StatusCode::NOT_IMPLEMENTED,
                "scim.no_me",
                "/Me is not served: a SCIM token belongs to a company and to no person; use /Users",
            )),
            (Target::All(kind), "GET" | "HEAD") => self.list(&[kind], self.parameters()).await,
            (Target::One(kind, id), "GET" | "HEAD") => self.show(kind, &id).await,
            (Target::All(kind), "POST") => {
                let sent = self.body(body).await?;
                self.write(Write::Create(kind, sent)).await
            }
            (Target::One(kind, id), "PUT") => {
                let sent = self.body(body).await?;
                self.write(Write::Replace(kind, id, sent)).await
            }
            (Target::One(kind, id), "PATCH") => {
                let sent = self.body(body).await?;
                self.write(Write::patch(kind, id, &sent)?).await
            }
            (Target::One(kind, id), "DELETE") => self.write(Write::Delete(kind, id)).await,
            (Target::Search(kind), "POST") => {
                let request = SearchRequest::parse(&self.body(body).await?)?;
                match kind {
                    Some(kind) => self.list(&[kind], request).await,
                    None => self.list(&[Kind::User, Kind::Group], request).await,
                }
            }
            (Target::Bulk, "POST") => {
                let sent = self.body(body).await?;
                let answered = bulk::carry_out(self, &sent).await?;
                Ok(json(StatusCode::OK, answered))
            }
            (
                target @ (Target::ServiceProviderConfig | Target::ResourceTypes(_) | Target::Schemas(_)),
                "GET" | "HEAD",
            ) => {
                self.refuse_filter()?;
                Ok(json(
                    StatusCode::OK,
                    discovery::show(self.company(), &self.base, self.app.limits.body_bytes, &target)?,
                ))
            }
            (target, method) => Err(other_method(&target, method)),
        }
    }

    fn nowhere(&self) -> ScimError {
        let path = repeated(self.uri.path());
        let path: String = path.chars().take(200).collect();
        let detail = format!("there is nothing at {path}; /ResourceTypes lists what there is");
        ScimError::new(StatusCode::NOT_FOUND, "request.unknown_path", detail)
    }

    async fn body(&self, body: Body) -> ScimResult<Value> {
        Ok(read_json_of(TYPES, self.headers, body, &self.app.limits).await?.into_value())
    }

    fn parameters(&self) -> SearchRequest {
        let mut request = SearchRequest::default();
        for (name, value) in form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()) {
            request.take_parameter(&name, &value);
        }
        request
    }

    fn asked(&self) -> Asked {
        let SearchRequest { attributes, excluded_attributes: excluded, .. } = self.parameters();
        Asked { attributes, excluded }
    }

    fn refuse_filter(&self) -> ScimResult<()> {
        if self.parameters().filter.is_none() {
            return Ok(());
        }
        let detail = "what the service is cannot be filtered; leave `filter` out (RFC 7644, section 4)";
        Err(ScimError::new(StatusCode::FORBIDDEN, "scim.no_filter", detail))
    }

    async fn list(&self, kinds: &[Kind], request: SearchRequest) -> ScimResult<Response> {
        let bytes = list::list(self.app, self.company(), &self.base, kinds, &request).await?;
        Ok(json(StatusCode::OK, bytes))
    }

    async fn show(&self, kind: Kind, id: &str) -> ScimResult<Response> {
        let (company, asked) = (self.company(), self.asked());
        let now = self.app.engine.now();
        let sight = Sight { base: &self.base, company, now };
        let (tag, location, body) = match kind {
            Kind::User => {
                let teammate = find_user(company, id)?;
                let tag = sight.tag_of_user(teammate);
                if is_known(self.headers, &tag) {
                    return Ok(not_modified(&tag));
                }
                // Most ask for nothing by name, and are spared looking up names that they did not give.
                let body = if asked.is_empty() {
                    whole_user(sight, teammate)
                } else {
                    let users = resource_type(company, kind);
                    shown_user(sight, teammate, &users, &asked.projection(&users)?)
                };
                (tag, sight.url_of_user(teammate.id), body)
            }
            Kind::Group => {
                let team = find_group(company, id)?;
                let tag = tag_of_group(team);
                if is_known(self.headers, &tag) {
                    return Ok(not_modified(&tag));
                }
                (tag, sight.url_of_group(team.id), self.group(Arc::clone(team), asked, now).await?)
            }
        };
        Ok(resource(StatusCode::OK, body, &location, Some(tag)))
    }

    async fn group(&self, team: Arc<Team>, asked: Asked, now: Timestamp) -> ScimResult<Vec<u8>> {
        let (company, base) = (Arc::clone(self.company()), self.base.clone());
        let groups = resource_type(&company, Kind::Group);
        let projection = asked.projection(&groups)?;
        let is_large = team.members.len() > MANY_MEMBERS && projection.shows("members");
        let show = move || {
            let sight = Sight { base: &base, company: &company, now };
            shown_group(sight, &team, &groups, &projection)
        };
        if !is_large {
            return Ok(show());
        }
        let shown = tokio::task::spawn_blocking(show).await;
        Ok(shown.map_err(|error| Problem::internal(&error))?)
    }

    /// Carries out one write, and answers with the resource.
    async fn write(&self, write: Write) -> ScimResult<Response> {
        let condition = TagCondition::of(self.headers)?;
        let (asked, base, now) = (self.asked(), self.base.clone(), self.app.engine.now());
        let profile = self.company().settings.scim_profile;
        let urgency = write.urgency();
        let run = move |turn: &mut tenure_engine::Turn<'_>| {
            let manner = Manner { base: &base, now, condition: &condition, asked: &asked };
            match profile {
                ScimProfile::Complete => carry_out(turn, &write, manner),
                ScimProfile::Documented => documented::carry_out(turn, &write, manner),
            }
        };
        let written = self.app.engine.take_turn(self.company().id, self.actor(), urgency, run).await??;
        log_unknown(&written);
        Ok(respond(written))
    }

    /// The caller as the actor of a request.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Scim(self.caller.token.id)
    }
}

/// How many of the names that no schema has are told.
const TOLD: usize = 20;

/// What no schema has is left out without an error, since identity providers stop a whole job on a repeated one; the log
/// tells an administrator who wonders where an attribute went. Names only: what stands in a filter is about people.
pub(crate) fn log_unknown(written: &Written) {
    if written.unknown.is_empty() {
        return;
    }
    let name = |name: &String| {
        let name: String = name.split('[').next().unwrap_or_default().chars().take(120).collect();
        repeated(&name)
    };
    let names: Vec<_> = written.unknown.iter().take(TOLD).map(name).collect();
    let (attributes, more) = (names.join(", "), written.unknown.len().saturating_sub(TOLD));
    tracing::info!(
        attributes,
        more,
        "a SCIM request named attributes that no schema has; they were left out"
    );
}

fn respond(written: Written) -> Response {
    let Written { status, location, tag, body, unknown: _ } = written;
    if status == StatusCode::NO_CONTENT {
        return empty(status, None);
    }
    resource(status, body, &location, tag)
}

fn other_method(target: &Target, method: &str) -> ScimError {
    let detail = format!("this path does not take {method}; it takes {}", target.methods().join(", "));
    ScimError::new(StatusCode::METHOD_NOT_ALLOWED, "request.method_not_allowed", detail)
        .with_header(ALLOW, allowed(target))
}
