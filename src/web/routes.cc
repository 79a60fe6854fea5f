#include "web/routes.h"

#include "web/assets.h"

namespace countersign::web {

void add_page_routes(http::Router& router, const Services& services) {
  add_sign_in_pages(router, services);
  add_live_pages(router, services);
  add_home_page(router, services);
  add_handoff_pages(router, services);
  add_connect_pages(router, services);
  add_client_pages(router, services);
  add_connection_pages(router, services);
  add_webhook_pages(router, services);
  add_integration_pages(router, services);
  add_provider_pages(router, services);
  add_agent_pages(router, services);
  add_agent_new_pages(router, services);
  add_agent_act_pages(router, services);
  add_people_pages(router, services);
  add_person_pages(router, services);
  add_audit_pages(router, services);
  add_settings_pages(router, services);
  add_asset_routes(router, services.assets);
}

}  // namespace countersign::web
