// Every page of the web UI, and how errors look on them.
#pragma once

#include "base/error.h"
#include "http/router.h"
#include "web/services.h"

namespace countersign::web {

// What `services` refers to must outlive the router.
void add_page_routes(http::Router& router, const Services& services);

// POST /hooks/{address}: no page, the providers' door to webhooks.
void add_webhook_door(http::Router& router, const Services& services);

// For http::ErrorViews: what happened, what to do, the request's id. Whoever has to sign in is led there.
http::Response page_error(const Services& services, const http::Request& request, const Error& error, int status);

// One per file; add_page_routes calls them all.
void add_sign_in_pages(http::Router& router, const Services& services);
void add_live_pages(http::Router& router, const Services& services);
void add_home_page(http::Router& router, const Services& services);
void add_handoff_pages(http::Router& router, const Services& services);
void add_connect_pages(http::Router& router, const Services& services);
void add_client_pages(http::Router& router, const Services& services);
void add_connection_pages(http::Router& router, const Services& services);
void add_webhook_pages(http::Router& router, const Services& services);
void add_integration_pages(http::Router& router, const Services& services);
void add_provider_pages(http::Router& router, const Services& services);
void add_agent_pages(http::Router& router, const Services& services);
void add_agent_new_pages(http::Router& router, const Services& services);
void add_agent_act_pages(http::Router& router, const Services& services);
void add_people_pages(http::Router& router, const Services& services);
void add_person_pages(http::Router& router, const Services& services);
void add_audit_pages(http::Router& router, const Services& services);
void add_settings_pages(http::Router& router, const Services& services);

}  // namespace countersign::web
