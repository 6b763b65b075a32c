from rest_framework.routers import SimpleRouter

from engagement.customers.api.views import Audiences, Customers, Suppressions

router = SimpleRouter()
router.register("audiences", Audiences, basename="api_audiences")
router.register("customers", Customers, basename="api_customers")
router.register("suppressions", Suppressions, basename="api_suppressions")

urlpatterns = router.urls
