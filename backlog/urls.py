from django.urls import path

from backlog.views import ballots, home, idea_files, idea_parts, ideas, merging, rounds

urlpatterns = [
    path("", home.home, name="home"),
    path("ideas/", ideas.ideas_list, name="ideas"),
    path("ideas.csv", idea_files.ideas_csv, name="ideas_csv"),
    path("ideas/coverage/", ideas.coverage, name="coverage"),
    path("ideas/import/", idea_files.ideas_import, name="ideas_import"),
    path("ideas/similar/", ideas.ideas_similar, name="ideas_similar"),
    path("ideas/<int:idea_id>/merge/", merging.idea_merge, name="idea_merge"),
    path("ideas/new/", ideas.idea_new, name="idea_new"),
    path("ideas/<int:idea_id>/", ideas.idea, name="idea"),
    path("ideas/<int:idea_id>/change/", ideas.idea_change, name="idea_change"),
    path("ideas/<int:idea_id>/decline/", ideas.idea_decline, name="idea_decline"),
    path("ideas/<int:idea_id>/take-up-again/", ideas.idea_take_up_again, name="idea_take_up_again"),
    path("ideas/<int:idea_id>/evidence/", idea_parts.evidence_link, name="evidence_link"),
    path("ideas/<int:idea_id>/evidence/<int:evidence_id>/unlink/", idea_parts.evidence_unlink, name="evidence_unlink"),
    path("ideas/<int:idea_id>/discussion/", idea_parts.post_write, name="post_write"),
    path("rounds/", rounds.rounds_list, name="rounds"),
    path("rounds/new/", rounds.round_new, name="round_new"),
    path("rounds/<int:round_id>/", rounds.voting_round, name="round"),
    path("rounds/<int:round_id>/ballots.csv", rounds.round_csv, name="round_csv"),
    path("rounds/<int:round_id>/extend/", rounds.round_extend, name="round_extend"),
    path("rounds/<int:round_id>/waive/", rounds.round_waive, name="round_waive"),
    path("rounds/<int:round_id>/close/", rounds.round_close, name="round_close"),
    path("rounds/<int:round_id>/ideas/<int:idea_id>/", ballots.ballot, name="ballot"),
    path("rounds/<int:round_id>/ideas/<int:idea_id>/tally/", ballots.tally, name="tally"),
]
