call engagement.register_source(
    p_source => {source},
    p_engagement_type => {engagement_type},
    p_effective_when => {effective_when},
    p_view => {view});
