import matplotlib.pyplot as plt
from neurodynex3.phase_plane_analysis import fitzhugh_nagumo

fitzhugh_nagumo.plot_flow(I_ext=0.5)
t, v, w = fitzhugh_nagumo.get_trajectory(I_ext=0.5)
plt.plot(v, w)
print(*fitzhugh_nagumo.get_fixed_point(I_ext=0.5))
