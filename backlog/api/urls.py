from rest_framework.routers import SimpleRouter

from backlog.api.views import Ballots, EvidenceList, Goals, Ideas, Rounds, Talks

router = SimpleRouter()
router.register("goals", Goals, basename="api_goals")
router.register("ideas", Ideas, basename="api_ideas")
router.register("evidence", EvidenceList, basename="api_evidence")
router.register("rounds", Rounds, basename="api_rounds")
router.register("ballots", Ballots, basename="api_ballots")
router.register("talks", Talks, basename="api_talks")

urlpatterns = router.urls
